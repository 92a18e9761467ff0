/**
 * Masks as run lengths, the way COCO keeps them: down the columns, first a run of zeros (of length 0 where
 * the first pixel is inside), then of ones, and so on. `rleEncode`, `rleArea`, `rleToBbox`, `rleIou` and
 * `rleMerge` of pycocotools' maskApi.c.
 */
import type { Size } from '../../maskrcnn/shapes.ts';
import { ScoringError } from '../errors.ts';
import type { CocoBox, CocoRle } from './format.ts';
import { packRuns, unpackRuns } from './rle-string.ts';

/** A mask in memory: zeros and ones by turns, which add up to height * width. */
export interface MaskRuns {
  readonly size: Size;
  readonly runs: readonly number[];
}

/** Runs of a mask `[height * width]`, row by row, in which anything but 0 is inside. */
export function maskToRuns(mask: ArrayLike<number>, size: Size): MaskRuns {
  const [height, width] = size;
  checkPixels(mask.length, size);
  const runs: number[] = [];
  let inside = false;
  let length = 0;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      if ((mask[y * width + x] !== 0) !== inside) {
        runs.push(length);
        length = 0;
        inside = !inside;
      }
      length++;
    }
  }
  runs.push(length);
  return { size, runs };
}

/** `[height * width]`, row by row, of 0 and 1. */
export function runsToMask({ size: [height, width], runs }: MaskRuns): Uint8Array {
  const mask = new Uint8Array(height * width);
  eachInside(runs, (start, end) => {
    for (let i = start; i < end; i++) mask[(i % height) * width + Math.floor(i / height)] = 1;
  });
  return mask;
}

/** `pycocotools.mask.encode` of one mask, its counts as text. */
export function encodeRle(mask: ArrayLike<number>, size: Size): CocoRle {
  return compressRuns(maskToRuns(mask, size));
}

/** `pycocotools.mask.decode`, of text or of a list. */
export function decodeRle(rle: CocoRle): Uint8Array {
  return runsToMask(readRle(rle));
}

export function compressRuns({ size, runs }: MaskRuns): CocoRle {
  return { size: [...size], counts: packRuns(runs) };
}

/** Throws `ScoringError` where the runs do not fill the image. */
export function readRle({ size, counts }: CocoRle): MaskRuns {
  const runs = typeof counts === 'string' ? unpackRuns(counts) : counts;
  checkPixels(
    runs.reduce((sum, length) => sum + length, 0),
    size,
  );
  return { size, runs };
}

/** Pixels inside. */
export function runsArea({ runs }: MaskRuns): number {
  return runs.reduce((sum, length, i) => sum + (i % 2 === 1 ? length : 0), 0);
}

/** The smallest box around what is inside; four zeros around nothing. */
export function runsBox({ size: [height], runs }: MaskRuns): CocoBox {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  eachInside(runs, (start, end) => {
    const [first, last] = [Math.floor(start / height), Math.floor((end - 1) / height)];
    const turns = last > first;
    left = Math.min(left, first);
    right = Math.max(right, last);
    top = Math.min(top, turns ? 0 : start % height);
    bottom = Math.max(bottom, turns ? height - 1 : (end - 1) % height);
  });
  return right < left ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}

/** Pixels inside of both. */
export function runsIntersection(a: MaskRuns, b: MaskRuns): number {
  if (a.size[0] !== b.size[0] || a.size[1] !== b.size[1])
    throw new ScoringError(
      `A mask of ${a.size.join('x')} pixels meets one of ${b.size.join('x')}: give both at their image's size.`,
      { size: a.size, otherSize: b.size },
    );
  let shared = 0;
  let [i, j] = [0, 0];
  let [endOfA, endOfB] = [a.runs[0] ?? 0, b.runs[0] ?? 0];
  let position = 0;
  while (i < a.runs.length && j < b.runs.length) {
    const end = Math.min(endOfA, endOfB);
    if (i % 2 === 1 && j % 2 === 1) shared += end - position;
    position = end;
    if (endOfA === end) endOfA += a.runs[++i] ?? 0;
    if (endOfB === end) endOfB += b.runs[++j] ?? 0;
  }
  return shared;
}

/** What is inside of any of the masks, which have one size. */
export function runsUnion(parts: readonly MaskRuns[], size: Size): MaskRuns {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const union = new Uint8Array(size[0] * size[1]);
  for (const part of parts) {
    runsToMask(part).forEach((inside, pixel) => {
      if (inside !== 0) union[pixel] = 1;
    });
  }
  return maskToRuns(union, size);
}

/** Calls back with the place down the columns of each run of ones, end exclusive. */
function eachInside(runs: readonly number[], visit: (start: number, end: number) => void): void {
  let position = 0;
  runs.forEach((length, i) => {
    if (i % 2 === 1 && length > 0) visit(position, position + length);
    position += length;
  });
}

function checkPixels(pixels: number, [height, width]: Size): void {
  if (pixels === height * width) return;
  throw new ScoringError(
    `A mask of ${pixels} pixels does not fill an image of ${height} rows and ${width} columns.`,
    { pixels, height, width },
  );
}
