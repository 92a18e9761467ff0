/**
 * Run lengths as Kaggle's competitions want them: `rle_encode` and `rle_decode` of samples/nucleus/nucleus.py.
 * Pairs of a start (counted from 1, down the columns) and a length, split by blanks.
 */
import type { Size } from '../maskrcnn/shapes.ts';
import { maskToRuns, runsToMask } from './coco/rle.ts';
import { ScoringError } from './errors.ts';

/** A mask `[height * width]`, row by row; what is not 0 is inside. An empty mask gives an empty text. */
export function kaggleRleEncode(mask: ArrayLike<number>, size: Size): string {
  const pairs: number[] = [];
  let position = 0;
  maskToRuns(mask, size).runs.forEach((length, i) => {
    if (i % 2 === 1) pairs.push(position + 1, length);
    position += length;
  });
  return pairs.join(' ');
}

/** `[height * width]` of 0 and 1. Throws `ScoringError` where runs overlap or leave the image. */
export function kaggleRleDecode(text: string, size: Size): Uint8Array {
  const numbers = text
    .split(/\s+/)
    .filter((part) => part !== '')
    .map(Number);
  const pixels = size[0] * size[1];
  const runs: number[] = [];
  let position = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const start = (numbers[i] ?? NaN) - 1;
    const end = start + (numbers[i + 1] ?? NaN);
    if (!(Number.isInteger(end) && start >= position && end > start && end <= pixels))
      throw new ScoringError(
        `The pair "${numbers[i] ?? ''} ${numbers[i + 1] ?? ''}" is no run of a mask of ${size.join(' x ')} ` +
          'pixels: pairs are a start from 1 on and a length, rising and within the image.',
        { pair: numbers.slice(i, i + 2), size },
      );
    runs.push(start - position, end - start);
    position = end;
  }
  return runsToMask({ size, runs: [...runs, pixels - position] });
}
