/**
 * A data set of any classes, with any number of instances an image: `Dataset` of mrcnn/utils.py. A class
 * of your own says where images and masks come from:
 *
 * ```ts
 * class Shapes extends Dataset<{ readonly seed: number }> {
 *   override loadImage(imageId: number) { return draw(this.imageInfo(imageId).seed); }
 *   override loadMask(imageId: number) { return { masks: […], classIds: […] }; }
 * }
 * const shapes = new Shapes();
 * shapes.addClass('shapes', 1, 'square');
 * shapes.addImage({ source: 'shapes', id: 'a', path: '', seed: 7 });
 * shapes.prepare();
 * ```
 *
 * Classes and images may come from several sources, each with its own numbering; `prepare` numbers them
 * anew, the background being class 0. Differs on purpose: what is asked for before `prepare`, an unknown
 * number and a second image of the same name are errors, and there is no empty mask by default.
 */
import type { PixelImage } from '../image/resize-image.ts';
import {
  found,
  keyOf,
  listed,
  tablesOf,
  type ClassInfo,
  type SourcedImage,
  type Tables,
} from './dataset-tables.ts';
import { DatasetError } from './errors.ts';
import { readImage } from './read-image.ts';

/** The instances of an image, at its own size. */
export interface InstanceMasks {
  /** One an instance: `[height * width]`, row by row, 0 outside and anything else inside. */
  readonly masks: readonly Uint8Array[];
  /** One an instance: the number in this data set (`mapSourceClassId`), negative for a crowd. */
  readonly classIds: readonly number[];
}

/** An image, with whatever else (`Extra`) the data set wants to know of it. */
export type ImageInfo<Extra extends object = object> = Extra & SourcedImage;

export type { ClassInfo };

const BACKGROUND: ClassInfo = { source: '', id: 0, name: 'BG' };

export abstract class Dataset<Extra extends object = object> {
  readonly #classes: ClassInfo[] = [BACKGROUND];
  readonly #images: ImageInfo<Extra>[] = [];
  #tables: Tables | undefined;

  /**
   * The masks of an image's instances and their classes. May throw: the image then counts as broken.
   */
  abstract loadMask(imageId: number): InstanceMasks | Promise<InstanceMasks>;

  /** The image as RGB; grey ones are made RGB, transparency is left out. @throws ImageError */
  loadImage(imageId: number): PixelImage | Promise<PixelImage> {
    return readImage(this.imageInfo(imageId).path, this.imageName(imageId));
  }

  /** Where a person finds the image: its path, unless it is overridden. */
  imageReference(imageId: number): string {
    return this.imageInfo(imageId).path;
  }

  /** Adds a class under its number in the source; once more the same one changes nothing. */
  addClass(source: string, classId: number, name: string): void {
    requireName(source);
    if (this.#classes.some((known) => known.source === source && known.id === classId)) return;
    this.#classes.push({ source, id: classId, name });
    this.#tables = undefined;
  }

  addImage(image: ImageInfo<Extra>): void {
    requireName(image.source);
    this.#images.push(image);
    this.#tables = undefined;
  }

  /** Numbers classes and images; call it after the last was added. @throws DatasetError */
  prepare(): this {
    this.#tables = tablesOf(this.#classes, this.#images);
    return this;
  }

  get numImages(): number {
    return this.#prepared().images.size;
  }

  /** 0 to `numImages - 1`. */
  get imageIds(): readonly number[] {
    return [...this.#prepared().images.values()];
  }

  /** Background included. */
  get numClasses(): number {
    return this.#prepared().classes.size;
  }

  /** 0 (the background) to `numClasses - 1`. */
  get classIds(): readonly number[] {
    return [...this.#prepared().classes.values()];
  }

  /** By class id; of several names that a comma parts, the first. */
  get classNames(): readonly string[] {
    this.#prepared();
    return this.#classes.map(({ name }) => name.split(',')[0] ?? name);
  }

  /** The sources of classes; the background's is `''`. */
  get sources(): readonly string[] {
    return [...this.#prepared().classIdsOfSources.keys()];
  }

  /** The classes that a source annotates, background first. */
  sourceClassIds(source: string): readonly number[] {
    const ids = this.#prepared().classIdsOfSources.get(source);
    if (ids !== undefined) return ids;
    throw new DatasetError(
      `no class comes from the source "${source}" (there are ${listed(this.sources)}); add its classes ` +
        `by addClass before its images are used`,
      { source },
    );
  }

  /** `[numClasses]` of 0 and 1: the classes of the source that the image comes from. */
  activeClassIds(imageId: number): readonly number[] {
    const active = new Set(this.sourceClassIds(this.imageInfo(imageId).source));
    return this.classIds.map((classId) => Number(active.has(classId)));
  }

  /** `mapSourceClassId('coco.12')`: this data set's number of class 12 of `coco`. */
  mapSourceClassId(sourceClassId: string): number {
    return found(this.#prepared().classes, sourceClassId, 'class');
  }

  /** The number that a class of this data set has in its source, which must be `source`. */
  getSourceClassId(classId: number, source: string): number {
    const info = this.classInfo(classId);
    if (info.source === source) return info.id;
    throw new DatasetError(
      `class ${String(classId)} (${info.name}) comes from "${info.source}" and not from "${source}"`,
      { classId, source },
    );
  }

  /** `mapSourceImageId('coco.4711')`: this data set's number of that image. */
  mapSourceImageId(sourceImageId: string): number {
    return found(this.#prepared().images, sourceImageId, 'image');
  }

  classInfo(classId: number): ClassInfo {
    const info = this.#classes[classId];
    if (info !== undefined) return info;
    throw new DatasetError(
      `there is no class ${String(classId)}: the data set has 0 to ${String(this.#classes.length - 1)}`,
      { classId },
    );
  }

  imageInfo(imageId: number): ImageInfo<Extra> {
    const info = this.#images[imageId];
    if (info !== undefined) return info;
    throw new DatasetError(
      `there is no image ${String(imageId)}: the data set has ${String(this.#images.length)}, from 0 on`,
      { imageId },
    );
  }

  /** `source.id`: what the image is called in messages, and what random numbers follow from. */
  imageName(imageId: number): string {
    return keyOf(this.imageInfo(imageId));
  }

  #prepared(): Tables {
    if (this.#tables !== undefined) return this.#tables;
    throw new DatasetError(
      'the data set is not numbered yet: call prepare() after the last addImage',
    );
  }
}

/** A dot parts source and id. */
function requireName(source: string): void {
  if (source !== '' && !source.includes('.')) return;
  throw new DatasetError(
    `"${source}" cannot name a source: give a name that is not empty and has no dot`,
    { source },
  );
}
