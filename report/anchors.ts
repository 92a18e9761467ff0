/**
 * What the RPN is to learn on an image: its positive anchors before and after refinement, its negatives,
 * and some of those that do not count (samples/coco/inspect_data.ipynb, "Anchors" and "RPN targets").
 */
import { applyBoxDeltas } from '../maskrcnn/boxes/refinement.ts';
import { randomStream, shuffled } from '../maskrcnn/random.ts';
import type { Box, BoxArray, PixelBoxes } from '../maskrcnn/shapes.ts';
import type { RpnTargets } from '../maskrcnn/training/rpn-targets.ts';
import { drawBoxes, type DrawnBox } from './boxes.ts';
import type { Drawing, RgbPicture } from './drawing.ts';
import type { Tile } from './mosaic.ts';

export interface AnchorTargetsOptions {
  readonly image: RgbPicture;
  /** Truth, `[height * width]` each. */
  readonly masks: readonly Uint8Array[];
  /** `[A * 4]` */
  readonly anchors: PixelBoxes<Float64Array>;
  readonly targets: RpnTargets;
  /** `rpnBboxStdDev` of the config. */
  readonly deviations: readonly number[];
  /** Neutral anchors to show. @default 40 */
  readonly neutral?: number;
  readonly seed?: number;
}

export const ANCHOR_COLOURS = { positive: '#27d3ff', negative: '#ff8a3c' } as const;
const SIDE = { least: 480, most: 480 };

/** Three tiles: positives, negatives, neutral ones. */
export async function drawAnchorTargets(options: AnchorTargetsOptions): Promise<Tile[]> {
  const { image, masks, anchors, targets, neutral = 40, seed = 0 } = options;
  const withMatch = (value: number) =>
    [...targets.match.keys()].filter((anchor) => targets.match[anchor] === value);
  const [positives, negatives, others] = [withMatch(1), withMatch(-1), withMatch(0)];
  const shown = shuffled(others, randomStream(seed, 'neutral anchors')).slice(0, neutral);
  const refined = refinedAnchors(positives, options);
  const picture = (boxes: readonly DrawnBox[]): Promise<Drawing> =>
    drawBoxes({
      image,
      truth: masks,
      boxes,
      side: SIDE,
      margin: 0.15,
    });
  return [
    {
      title: `${String(positives.length)} positive anchors (dashed), refined (solid)`,
      drawing: await picture(
        positives.map((anchor, index) => ({
          box: boxAt(anchors, anchor),
          refined: boxAt(refined, index),
          colour: ANCHOR_COLOURS.positive,
        })),
      ),
    },
    {
      title: `${String(negatives.length)} negative anchors`,
      drawing: await picture(
        negatives.map((anchor) => ({
          box: boxAt(anchors, anchor),
          colour: ANCHOR_COLOURS.negative,
        })),
      ),
    },
    {
      title: `${String(shown.length)} of ${others.length.toLocaleString('en')} neutral anchors`,
      drawing: await picture(
        shown.map((anchor) => ({ box: boxAt(anchors, anchor), prominence: 'faint' })),
      ),
    },
  ];
}

/** `[P * 4]`: each positive anchor moved to where its target says. */
function refinedAnchors(
  positives: readonly number[],
  { anchors, targets, deviations }: AnchorTargetsOptions,
): Float64Array {
  const boxes = Float64Array.from(positives.flatMap((anchor) => boxAt(anchors, anchor)));
  const deltas = targets.deltas
    .slice(0, boxes.length)
    .map((delta, i) => delta * (deviations[i % 4] ?? 1));
  return applyBoxDeltas(boxes, deltas);
}

function boxAt(boxes: BoxArray, index: number): Box {
  const [y1 = 0, x1 = 0, y2 = 0, x2 = 0] = boxes.subarray(4 * index, 4 * index + 4);
  return [y1, x1, y2, x2];
}
