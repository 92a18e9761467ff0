/**
 * Chance changes of a training image. Whatever moves pixels moves the masks and the window alike. Pure: the
 * stream decides, and each decision is drawn whether or not it is used, so that one never shifts another.
 */
import type { Augmentation } from '../contracts/pipeline-input.ts';
import type { RandomStream } from '../maskrcnn/random.ts';
import type { AnnotatedImage } from '../maskrcnn/training/annotated-image.ts';

export function augment(
  image: AnnotatedImage,
  augmentation: Augmentation,
  random: RandomStream,
): AnnotatedImage {
  const leftRight = random.uniform() < augmentation.flipLeftRight;
  const upDown = random.uniform() < augmentation.flipUpDown;
  const flipped = leftRight ? flipLeftRight(image) : image;
  return upDown ? flipUpDown(flipped) : flipped;
}

export function flipLeftRight(image: AnnotatedImage): AnnotatedImage {
  const { width, window } = image;
  const [y1, x1, y2, x2] = window;
  return {
    ...moved(image, (y, x) => [y, width - 1 - x]),
    window: [y1, width - x2, y2, width - x1],
  };
}

export function flipUpDown(image: AnnotatedImage): AnnotatedImage {
  const { height, window } = image;
  const [y1, x1, y2, x2] = window;
  return {
    ...moved(image, (y, x) => [height - 1 - y, x]),
    window: [height - y2, x1, height - y1, x2],
  };
}

/** `source` says from where the pixel at `(y, x)` is taken. */
function moved(
  image: AnnotatedImage,
  source: (y: number, x: number) => readonly [number, number],
): AnnotatedImage {
  const { height, width } = image;
  const from = new Uint32Array(height * width);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const [sourceY, sourceX] = source(y, x);
      from[i] = sourceY * width + sourceX;
    }
  }
  return {
    ...image,
    pixels: gather(image.pixels, from, 3),
    instances: image.instances.map(({ classId, mask }) => ({
      classId,
      mask: gather(mask, from, 1),
    })),
  };
}

function gather(values: Uint8Array, from: Uint32Array, channels: number): Uint8Array {
  const result = new Uint8Array(values.length);
  for (let i = 0; i < from.length; i++) {
    const start = (from[i] ?? 0) * channels;
    for (let c = 0; c < channels; c++) result[i * channels + c] = values[start + c] ?? 0;
  }
  return result;
}
