/**
 * Anchors that lie on a data set's boxes better than the ones they begin with: shapes are changed one at a time, and
 * a change is kept where it raises the overlap and costs no box its anchor. So they are never worse.
 */
import type { Box } from '../../maskrcnn/shapes.ts';
import { anchorFit, type AnchorFit, type AnchorOptions } from './anchor-fit.ts';

export interface AnchorProposal {
  /** Rising, in pixels at training size. */
  readonly scales: number[];
  /** Width over height, rising. */
  readonly ratios: number[];
  readonly fit: AnchorFit;
}

/** Factors by which a scale is tried to change, coarse before fine. */
const SCALE_STEPS = [1.5, 1.25, 1.1];
/** Pairs of (middle, how far the others lie from it): ratios are middle / spread, middle, middle * spread. */
const MIDDLES = [0.8, 0.9, 1, 1.1, 1.25];
const SPREADS = [1.25, 1.4, 1.6, 2, 2.5];
/** Of a level's stride: smaller anchors fall between its cells, larger ones see too little of their context. */
const SCALE_RANGE = { least: 1, most: 16 };

/** `start` has five scales; with three ratios the ratios are fitted too. */
export function proposeAnchors(boxes: readonly Box[], start: AnchorOptions): AnchorProposal {
  const before = anchorFit(boxes, start);
  let current: AnchorProposal = {
    scales: [...start.rpnAnchorScales],
    ratios: [...start.rpnAnchorRatios],
    fit: before,
  };
  const consider = (scales: number[], ratios: number[]): boolean => {
    const rpn = { rpnAnchorScales: scales, rpnAnchorRatios: ratios };
    if (!areAllowed(scales, start)) return false;
    const fit = anchorFit(boxes, { ...start, ...rpn });
    const isSafe = fit.recall50 >= before.recall50 && fit.recall70 >= before.recall70;
    if (!isSafe || valueOf(fit) <= valueOf(current.fit) + 1e-4) return false;
    current = { scales, ratios, fit };
    return true;
  };
  for (const step of SCALE_STEPS) {
    let changed = true;
    for (let round = 0; changed && round < 12; round++) {
      changed = false;
      if (current.ratios.length === 3) {
        for (const ratios of ratioTriples()) changed = consider(current.scales, ratios) || changed;
      }
      for (let level = 0; level < current.scales.length; level++) {
        for (const factor of [step, 1 / step]) {
          const scales = current.scales.map((scale, at) =>
            at === level ? Math.round(scale * factor) : scale,
          );
          changed = consider(scales, current.ratios) || changed;
        }
      }
    }
  }
  return current;
}

/** Anchors with an IoU of 0.7 are what the RPN learns from; 0.5 is what makes a box findable at all. */
const valueOf = ({ meanIou, recall50, recall70 }: AnchorFit) => meanIou + recall50 + 0.5 * recall70;

function areAllowed(scales: readonly number[], { backboneStrides }: AnchorOptions): boolean {
  return scales.every((scale, level) => {
    const stride = backboneStrides[level] ?? 1;
    const isInRange = scale >= SCALE_RANGE.least * stride && scale <= SCALE_RANGE.most * stride;
    return isInRange && scale > (scales[level - 1] ?? 0);
  });
}

const ratioTriples = (): number[][] =>
  MIDDLES.flatMap((middle) =>
    SPREADS.map((spread) =>
      [middle / spread, middle, middle * spread].map((ratio) => Math.round(100 * ratio) / 100),
    ),
  );
