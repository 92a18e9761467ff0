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
  const { height, width, window } = image;
  const [y1, x1, y2, x2] = window;
  const mirrored = (values: Uint8Array, channels: number) => {
    const result = new Uint8Array(values.length);
    const row = width * channels;
    for (let start = 0; start < height * row; start += row) {
      for (let x = 0; x < row; x += channels) {
        const from = start + row - channels - x;
        for (let c = 0; c < channels; c++) result[start + x + c] = values[from + c] as number;
      }
    }
    return result;
  };
  return { ...moved(image, mirrored), window: [y1, width - x2, y2, width - x1] };
}

export function flipUpDown(image: AnnotatedImage): AnnotatedImage {
  const { height, width, window } = image;
  const [y1, x1, y2, x2] = window;
  const upturned = (values: Uint8Array, channels: number) => {
    const result = new Uint8Array(values.length);
    const row = width * channels;
    for (let y = 0; y < height; y++) {
      result.set(values.subarray(y * row, (y + 1) * row), (height - 1 - y) * row);
    }
    return result;
  };
  return { ...moved(image, upturned), window: [height - y2, x1, height - y1, x2] };
}

/** `move` is applied to `[height, width, channels]`: the pixels and every mask. */
function moved(
  image: AnnotatedImage,
  move: (values: Uint8Array, channels: number) => Uint8Array,
): AnnotatedImage {
  return {
    ...image,
    pixels: move(image.pixels, 3),
    instances: image.instances.map(({ classId, mask }) => ({ classId, mask: move(mask, 1) })),
  };
}
