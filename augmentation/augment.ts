/**
 * Chance changes of a training image: what a spec (`schema.ts`) asks for, drawn (`draw.ts`) and done. Colours
 * change first, inside of the window only, so that padding stays black; then everything that moves pixels moves
 * the image and its masks in one go (`warp.ts`). Within each of the two the spec's order is kept.
 */
import type { RandomStream } from '../maskrcnn/random.ts';
import type { AnnotatedImage } from '../maskrcnn/training/annotated-image.ts';
import { affineOf, type Canvas } from './affine.ts';
import { changeColours, isColourOperation } from './colours.ts';
import { drawAugmentation, type DrawnOperation } from './draw.ts';
import { elasticDisplacement } from './elastic.ts';
import type { Augmentation } from './operations.ts';
import { composeWarp, warpPicture, type GeometricStep } from './warp.ts';
import { warpWindow } from './warp-window.ts';

/**
 * `image` changed as `spec` and `random` decide; of the same size. The image given is not changed, and is
 * returned itself when nothing happens. An instance that leaves the image keeps its place, with an empty mask.
 */
export function augment(
  image: AnnotatedImage,
  spec: Augmentation,
  random: RandomStream,
): AnnotatedImage {
  return applyOperations(image, drawAugmentation(spec, random));
}

/** `image` after `operations`, which leave nothing to chance. */
export function applyOperations(
  image: AnnotatedImage,
  operations: readonly DrawnOperation[],
): AnnotatedImage {
  const colours = operations.filter(isColourOperation);
  const pixels = changeColours(image, colours);
  const coloured = pixels === image.pixels ? image : { ...image, pixels };
  const moves = operations.flatMap((operation) =>
    isColourOperation(operation) ? [] : [stepOf(operation, image)],
  );
  return move(coloured, moves);
}

type GeometricOperation = Exclude<DrawnOperation, Parameters<typeof changeColours>[1][number]>;

function stepOf(operation: GeometricOperation, canvas: Canvas): GeometricStep {
  return operation.op === 'elastic'
    ? { kind: 'elastic', displacement: elasticDisplacement(operation, canvas) }
    : { kind: 'affine', forth: affineOf(operation, canvas) };
}

function move(image: AnnotatedImage, steps: readonly GeometricStep[]): AnnotatedImage {
  const { height, width, instances } = image;
  const warp = composeWarp(steps, { height, width });
  if (warp === null) return image;
  const masks = instances.map(({ mask }) => mask);
  const moved = warpPicture({ pixels: image.pixels, masks }, warp);
  return {
    ...image,
    pixels: moved.pixels,
    window: warpWindow(image.window, warp),
    instances: instances.map((instance, i) => ({
      ...instance,
      mask: moved.masks[i] as Uint8Array,
    })),
  };
}
