/**
 * Moves an image as a chain of geometric operations asks: where each pixel of the result comes from is followed
 * back through the whole chain, and the image is sampled once, so that a long chain blurs no more than a short
 * one. Pixels are sampled bilinearly, masks at the nearest pixel of the same place.
 *
 * Outside of the image is black, as its padding is (and as imgaug's `cval=0`): the network sees one kind of
 * nothing, and no seam where the two meet.
 */
import { inverse, isExact, isIdentity, then, type Affine, type Canvas } from './affine.ts';
import { displace, type Displacement } from './elastic.ts';
import { copyPixels, mixPixels, nearestPixels, pickMask, type Row } from './sampling.ts';

type Stage =
  | { readonly kind: 'affine'; readonly forth: Affine; readonly back: Affine }
  | { readonly kind: 'elastic'; readonly displacement: Displacement };

export type GeometricStep =
  | { readonly kind: 'affine'; readonly forth: Affine }
  | { readonly kind: 'elastic'; readonly displacement: Displacement };

export interface Warp {
  readonly canvas: Canvas;
  /** In the order in which they are done; neighbouring affine maps are one. */
  readonly stages: readonly Stage[];
  /** Whole pixels change places, and nothing is mixed. */
  readonly exact: boolean;
}

/** The warp that does all `steps`; `null` if nothing moves. */
export function composeWarp(steps: readonly GeometricStep[], canvas: Canvas): Warp | null {
  const stages: Stage[] = [];
  for (const step of steps) {
    const last = stages.at(-1);
    if (step.kind === 'elastic') stages.push(step);
    else if (last?.kind === 'affine')
      stages.splice(-1, 1, affineStage(then(last.forth, step.forth)));
    else stages.push(affineStage(step.forth));
  }
  const moving = stages.filter((stage) => stage.kind === 'elastic' || !isIdentity(stage.forth));
  const exact = moving.every((stage) => stage.kind === 'affine' && isExact(stage.forth));
  return moving.length === 0 ? null : { canvas, stages: moving, exact };
}

const affineStage = (forth: Affine): Stage => ({ kind: 'affine', forth, back: inverse(forth) });

export interface Picture {
  /** `[height, width, 3]`, 0 to 255. */
  readonly pixels: Uint8Array;
  /** `[height, width]` each, 0 and 1. */
  readonly masks: readonly Uint8Array[];
}

/** The picture after the warp, on the same canvas. */
export function warpPicture({ pixels, masks }: Picture, warp: Warp): Picture {
  const { canvas, exact } = warp;
  const { height, width } = canvas;
  const nearest = new Int32Array(height * width);
  const moved = new Uint8Array(pixels.length);
  const places = { xs: new Float64Array(width), ys: new Float64Array(width) };
  for (let row = 0; row < height; row++) {
    traceBack(places, row, warp);
    const indices = nearest.subarray(row * width, (row + 1) * width);
    nearestPixels(places, canvas, indices);
    const target = moved.subarray(3 * row * width, 3 * (row + 1) * width);
    if (exact) copyPixels(pixels, indices, target);
    else mixPixels({ pixels, canvas }, places, target);
  }
  return { pixels: moved, masks: masks.map((mask) => pickMask(mask, nearest)) };
}

/** Where the pixels of row `row` of the result come from. */
function traceBack(places: Row, row: number, { stages }: Warp): void {
  const { xs, ys } = places;
  for (let x = 0; x < xs.length; x++) xs[x] = x;
  ys.fill(row);
  for (const stage of stages.toReversed()) {
    if (stage.kind === 'elastic') displace(places, stage.displacement);
    else mapBack(places, stage.back);
  }
}

function mapBack({ xs, ys }: Row, [a, b, c, d, e, f]: Affine): void {
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i] as number;
    const y = ys[i] as number;
    xs[i] = a * x + b * y + c;
    ys[i] = d * x + e * y + f;
  }
}
