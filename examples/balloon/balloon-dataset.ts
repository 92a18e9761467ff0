/**
 * Pictures with outlines drawn in the VGG Image Annotator: `BalloonDataset` of samples/balloon/balloon.py.
 * There every region is a balloon; here a region may name another class.
 */
import { join } from 'node:path';
import { Dataset, readImage, type InstanceMasks } from '../../maskrcnn/index.ts';
import { AnnotationError } from './errors.ts';
import { outlineMask, readVia, type ViaRegion } from './via.ts';

const SOURCE = 'balloon';

interface Annotated {
  readonly height: number;
  readonly width: number;
  readonly regions: readonly ViaRegion[];
}

export class BalloonDataset extends Dataset<Annotated> {
  readonly #classes: readonly string[];

  private constructor(classes: readonly string[]) {
    super();
    this.#classes = classes;
    classes.forEach((name, index) => this.addClass(SOURCE, index + 1, name));
  }

  /**
   * The pictures of `folder/subset/via_region_data.json` that have a region. `classes` are numbered from 1;
   * a region that names none is of the first.
   *
   * @throws AnnotationError  @throws ImageError for a picture that cannot be read.
   */
  static async load(
    folder: string,
    subset: 'train' | 'val',
    classes: readonly string[] = ['balloon'],
  ): Promise<BalloonDataset> {
    const dataset = new BalloonDataset(classes);
    const path = join(folder, subset, 'via_region_data.json');
    for (const { filename, regions } of await readVia(path)) {
      if (regions.length === 0) continue;
      regions.forEach((region, index) =>
        dataset.#requireClass(region, `${path}: region ${String(index)} of ${filename}`),
      );
      const file = join(folder, subset, filename);
      // VIA does not say how large a picture is, and masks need to know.
      const { height, width } = await readImage(file, filename);
      dataset.addImage({ source: SOURCE, id: filename, path: file, height, width, regions });
    }
    return dataset.prepare();
  }

  override loadMask(imageId: number): InstanceMasks {
    const { height, width, regions } = this.imageInfo(imageId);
    return {
      masks: regions.map(({ shape_attributes: outline }) => outlineMask(outline, [height, width])),
      classIds: regions.map((region) =>
        this.mapSourceClassId(
          `${SOURCE}.${String(1 + this.#classes.indexOf(this.#classOf(region)))}`,
        ),
      ),
    };
  }

  #classOf({ region_attributes: { class: name } }: ViaRegion): string {
    return name ?? this.#classes[0] ?? '';
  }

  #requireClass(region: ViaRegion, place: string): void {
    const name = this.#classOf(region);
    if (this.#classes.includes(name)) return;
    throw new AnnotationError(
      place,
      `is of the class "${name}", which is none of ${this.#classes.join(', ')}; name all classes in --classes`,
    );
  }
}
