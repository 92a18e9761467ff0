/** Pictures made in memory for the tests of data sets: filled boxes on grey, several a picture. */
import { maskRcnnConfigSchema, type MaskRcnnConfigInput } from '../../../maskrcnn/config.ts';
import { Dataset, type InstanceMasks } from '../../../maskrcnn/data/dataset.ts';
import type { PixelImage } from '../../../maskrcnn/image/resize-image.ts';
import type { Box } from '../../../maskrcnn/shapes.ts';

export const SIDE = 64;

export interface Shape {
  /** `source.id`; a crowd where `crowd` says so. */
  readonly sourceClass: string;
  readonly box: Box;
  readonly crowd?: boolean;
}

interface Picture {
  readonly size: readonly [number, number];
  readonly shapes: readonly Shape[];
  /** What loading it throws. */
  readonly broken?: string;
}

const COLOURS = [
  [110, 110, 110],
  [220, 40, 40],
  [40, 60, 220],
  [240, 220, 60],
] as const;

export class Shapes extends Dataset<Picture> {
  /** How often an image was read. */
  reads = 0;

  add(
    id: string,
    shapes: readonly Shape[],
    { source = 'shapes', size = [SIDE, SIDE], broken }: Partial<Picture> & { source?: string } = {},
  ): this {
    const picture = { source, id, path: '', size, shapes };
    this.addImage(broken === undefined ? picture : { ...picture, broken });
    return this;
  }

  override loadImage(imageId: number): PixelImage {
    this.reads++;
    const { size, shapes, broken } = this.imageInfo(imageId);
    if (broken !== undefined) throw new Error(broken);
    const [height, width] = size;
    const pixels = new Uint8Array(height * width * 3);
    for (let i = 0; i < height * width; i++) {
      const shape = shapes.find(({ box }) => inside(box, Math.floor(i / width), i % width));
      const colour = shape === undefined ? 0 : this.mapSourceClassId(shape.sourceClass);
      pixels.set(COLOURS[colour] ?? COLOURS[0], 3 * i);
    }
    return { pixels, height, width };
  }

  override loadMask(imageId: number): InstanceMasks {
    const { size, shapes } = this.imageInfo(imageId);
    return {
      masks: shapes.map(({ box }) =>
        Uint8Array.from({ length: size[0] * size[1] }, (_, i) =>
          Number(inside(box, Math.floor(i / size[1]), i % size[1])),
        ),
      ),
      classIds: shapes.map(({ sourceClass, crowd = false }) => {
        const classId = this.mapSourceClassId(sourceClass);
        return crowd ? -classId : classId;
      }),
    };
  }
}

const inside = ([y1, x1, y2, x2]: Box, y: number, x: number) =>
  y >= y1 && y < y2 && x >= x1 && x < x2;

/** Two classes of one source. */
export function redAndBlue(): Shapes {
  const shapes = new Shapes();
  shapes.addClass('shapes', 1, 'red');
  shapes.addClass('shapes', 2, 'blue');
  return shapes;
}

export const shapesConfig = (changes: MaskRcnnConfigInput = {}) =>
  maskRcnnConfigSchema.parse({
    backbone: 'resnet50',
    numClasses: 3,
    imagesPerGpu: 2,
    imageMinDim: SIDE,
    imageMaxDim: SIDE,
    rpnAnchorScales: [8, 16, 24, 32, 64],
    rpnTrainAnchorsPerImage: 64,
    trainRoisPerImage: 20,
    preNmsLimit: 200,
    postNmsRoisTraining: 60,
    postNmsRoisInference: 40,
    detectionMaxInstances: 5,
    fpnClassifFcLayersSize: 64,
    topDownPyramidSize: 64,
    maxGtInstances: 4,
    miniMaskShape: [14, 14],
    ...changes,
  });
