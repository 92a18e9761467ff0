/**
 * Pixels inside of an outline, as COCO draws it: `rleFrPoly` of pycocotools' maskApi.c. The outline is walked
 * at five times the size; where it passes the middle of a column, the mask turns inside out below.
 */
import type { Size } from '../../maskrcnn/shapes.ts';
import type { MaskRuns } from './rle.ts';

const SCALE = 5;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The mask of one outline `[x, y, x, y, …]` in pixels of the image. */
export function polygonRuns(outline: readonly number[], size: Size): MaskRuns {
  const [height, width] = size;
  const points = walk(outline);
  const turns: number[] = [];
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1], points[i]];
    if (from === undefined || to === undefined || from.x === to.x) continue;
    const column = ((to.x < from.x ? to.x : to.x - 1) + 0.5) / SCALE - 0.5;
    if (!Number.isInteger(column) || column < 0 || column > width - 1) continue;
    const row = (Math.min(from.y, to.y) + 0.5) / SCALE - 0.5;
    turns.push(column * height + Math.ceil(Math.min(Math.max(row, 0), height)));
  }
  turns.sort((a, b) => a - b);
  return { size, runs: runsBetween([...turns, height * width]) };
}

/** Every point of the closed outline at five times the size. */
function walk(outline: readonly number[]): Point[] {
  const corners: Point[] = [];
  for (let i = 0; i + 1 < outline.length; i += 2) {
    const [x, y] = [outline[i] ?? 0, outline[i + 1] ?? 0];
    corners.push({ x: Math.trunc(SCALE * x + 0.5), y: Math.trunc(SCALE * y + 0.5) });
  }
  return corners.flatMap((corner, i) => line(corner, corners[(i + 1) % corners.length] ?? corner));
}

/** The points from `a` to `b`, both included; the same points as from `b` to `a`. */
function line(a: Point, b: Point): Point[] {
  const [dx, dy] = [Math.abs(b.x - a.x), Math.abs(b.y - a.y)];
  const steps = Math.max(dx, dy);
  if (steps === 0) return [a];
  const isFlat = dx >= dy;
  const isFlipped = isFlat ? a.x > b.x : a.y > b.y;
  const [start, end] = isFlipped ? [b, a] : [a, b];
  const slope = isFlat ? (end.y - start.y) / dx : (end.x - start.x) / dy;
  const points = Array.from({ length: steps + 1 }, (_, d) =>
    isFlat
      ? { x: start.x + d, y: Math.trunc(start.y + slope * d + 0.5) }
      : { x: Math.trunc(start.x + slope * d + 0.5), y: start.y + d },
  );
  return isFlipped ? points.reverse() : points;
}

/** Run lengths between sorted places at which the mask turns; two at one place undo each other. */
function runsBetween(places: readonly number[]): number[] {
  const gaps = places.map((place, i) => place - (places[i - 1] ?? 0));
  const runs = [gaps[0] ?? 0];
  for (let i = 1; i < gaps.length; i++) {
    const gap = gaps[i] ?? 0;
    if (gap > 0) runs.push(gap);
    else if (i + 1 < gaps.length) runs.push((runs.pop() ?? 0) + (gaps[++i] ?? 0));
  }
  return runs;
}
