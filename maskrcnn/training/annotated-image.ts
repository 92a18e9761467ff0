/** One image with its truth, at training size: what a data set gives to the model library. */
import type { MaskRcnnConfig } from '../config.ts';
import { MaskRcnnError } from '../errors.ts';

export interface GroundTruthInstance {
  /**
   * 1-based; 0 is the background. Negative for a crowd (COCO's box around many instances that nobody told
   * apart): nothing is learnt inside of it, neither instance nor background.
   */
  readonly classId: number;
  /** `[height * width]`, row by row, 1 inside the instance and 0 outside. */
  readonly mask: Uint8Array;
}

export interface AnnotatedImage {
  readonly id: string;
  readonly height: number;
  readonly width: number;
  /** `[height, width, (r, g, b)]`, 0 to 255. */
  readonly pixels: Uint8Array;
  /** The part that is image and not padding: `(y1, x1, y2, x2)` in pixels, end exclusive. */
  readonly window: readonly [number, number, number, number];
  /** Size before resizing and padding: `(height, width)`. */
  readonly originalSize: readonly [number, number];
  /** Resized by this factor. */
  readonly scale: number;
  readonly instances: readonly GroundTruthInstance[];
  /**
   * `[classes]` of 0 and 1, background first: the classes that the image's source annotates. An instance
   * of any other may be in the picture unmarked. @default all classes
   */
  readonly activeClassIds?: readonly number[];
}

/**
 * One-hot codes would swallow a class that the model does not have.
 * @throws MaskRcnnError that names image and class.
 */
export function requireKnownClasses(
  image: AnnotatedImage,
  { numClasses }: Pick<MaskRcnnConfig, 'numClasses'>,
): void {
  const { id, instances, activeClassIds } = image;
  const unknown = instances.find(
    ({ classId }) => classId === 0 || !Number.isInteger(classId) || Math.abs(classId) >= numClasses,
  );
  if (unknown !== undefined) {
    throw new MaskRcnnError(
      `image ${id} has an instance of class ${String(unknown.classId)}, but the model knows classes 1 to ` +
        `${String(numClasses - 1)} (negative for a crowd); set numClasses to the classes and the background`,
      { code: 'unknown-class', values: { image: id, classId: unknown.classId, numClasses } },
    );
  }
  if (activeClassIds !== undefined && activeClassIds.length !== numClasses) {
    throw new MaskRcnnError(
      `image ${id} says of ${String(activeClassIds.length)} classes whether they are active, but the model ` +
        `has ${String(numClasses)}, background included; set numClasses to what the data set has`,
      { code: 'unknown-class', values: { image: id, activeClassIds, numClasses } },
    );
  }
}
