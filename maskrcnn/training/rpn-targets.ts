/**
 * What the RPN should say about each anchor: Faster R-CNN (Ren et al., 2015), section 3.1.2;
 * `build_rpn_targets` of mrcnn/model.py.
 *
 * Every anchor that ties for an instance's best IoU is positive, however small that IoU is. Differs on
 * purpose: an image without instances gives negatives only (the reference skips such images), and an
 * instance that no anchor touches claims none (there, all of them).
 */
import { boxIou } from '../boxes/overlaps.ts';
import { boxRefinement } from '../boxes/refinement.ts';
import type { MaskRcnnConfig } from '../config.ts';
import type { RandomStream } from '../random.ts';
import type { PixelBoxes } from '../shapes.ts';

const POSITIVE_IOU = 0.7;
const NEGATIVE_IOU = 0.3;
const CROWD_IOU = 0.001;

export interface RpnTargetsOptions {
  /** `[A * 4]` */
  readonly anchors: PixelBoxes<Float64Array>;
  /** `[N]`; negative for a crowd, whose anchors are neither positive nor negative. */
  readonly gtClassIds: readonly number[];
  /** `[N * 4]` */
  readonly gtBoxes: PixelBoxes<Int32Array>;
  readonly config: Pick<MaskRcnnConfig, 'rpnTrainAnchorsPerImage' | 'rpnBboxStdDev'>;
  /** Chooses among too many positives or negatives. */
  readonly random: RandomStream;
}

export interface RpnTargets {
  /** `[A]`: 1 positive, -1 negative, 0 neutral. */
  readonly match: Int32Array;
  /**
   * `[rpnTrainAnchorsPerImage * (dy, dx, log dh, log dw)]` over the standard deviations: a row for each
   * positive anchor by rising index, then zeros.
   */
  readonly deltas: Float64Array;
}

export function buildRpnTargets(options: RpnTargetsOptions): RpnTargets {
  const { anchors, gtClassIds, gtBoxes, config, random } = options;
  const instances = boxesWhere(gtBoxes, gtClassIds, (classId) => classId > 0);
  const crowds = boxesWhere(gtBoxes, gtClassIds, (classId) => classId < 0);

  const { match, closest } = matchAnchors(anchors, instances);
  leaveCrowdsNeutral(match, anchors, crowds);
  subsample(match, config.rpnTrainAnchorsPerImage, random);
  return { match, deltas: deltasOfPositives({ anchors, instances, match, closest, config }) };
}

interface Matches {
  readonly match: Int32Array;
  /** `[A]` index of the instance with the largest IoU. */
  readonly closest: Int32Array;
}

function matchAnchors(anchors: Float64Array, instances: Int32Array): Matches {
  const count = anchors.length / 4;
  const largest = new Float64Array(count);
  const closest = new Int32Array(count);
  const best: number[] = [];
  for (let instance = 0; instance < instances.length / 4; instance++) {
    best.push(...bestAnchors({ anchors, instances, instance, largest, closest }));
  }
  const match = new Int32Array(count);
  for (let anchor = 0; anchor < count; anchor++) {
    const iou = largest[anchor] ?? 0;
    if (iou < NEGATIVE_IOU) match[anchor] = -1;
    else if (iou >= POSITIVE_IOU) match[anchor] = 1;
  }
  for (const anchor of best) match[anchor] = 1;
  return { match, closest };
}

interface BestAnchorsOptions {
  readonly anchors: Float64Array;
  readonly instances: Int32Array;
  readonly instance: number;
  /** Raised where this instance overlaps more than those before it. */
  readonly largest: Float64Array;
  /** Set to this instance there. */
  readonly closest: Int32Array;
}

/** The anchors that share the instance's largest IoU. */
function bestAnchors(options: BestAnchorsOptions): number[] {
  const { anchors, instances, instance, largest, closest } = options;
  const [y1 = 0, x1 = 0, y2 = 0, x2 = 0] = instances.subarray(4 * instance, 4 * instance + 4);
  let best = Number.MIN_VALUE;
  let ties: number[] = [];
  for (let anchor = 0, i = 0; anchor < largest.length; anchor++, i += 4) {
    // Most anchors lie elsewhere: this test is what makes 262,000 anchors cheap.
    if ((anchors[i] ?? 0) >= y2 || (anchors[i + 2] ?? 0) <= y1) continue;
    if ((anchors[i + 1] ?? 0) >= x2 || (anchors[i + 3] ?? 0) <= x1) continue;
    const iou = boxIou(anchors, anchor, instances, instance);
    if (iou > (largest[anchor] ?? 0)) {
      largest[anchor] = iou;
      closest[anchor] = instance;
    }
    if (iou > best) {
      best = iou;
      ties = [];
    }
    if (iou === best) ties.push(anchor);
  }
  return ties;
}

/** Negative anchors that touch a crowd become neutral. */
function leaveCrowdsNeutral(match: Int32Array, anchors: Float64Array, crowds: Int32Array): void {
  for (let crowd = 0; crowd < crowds.length / 4; crowd++) {
    for (let anchor = 0; anchor < match.length; anchor++) {
      if (match[anchor] === -1 && boxIou(anchors, anchor, crowds, crowd) >= CROWD_IOU) {
        match[anchor] = 0;
      }
    }
  }
}

/** At most half of the anchors are positive, and all that are used are `total`. */
function subsample(match: Int32Array, total: number, random: RandomStream): void {
  const positives = keepAtMost({ match, value: 1, limit: Math.floor(total / 2), random });
  keepAtMost({ match, value: -1, limit: total - positives, random });
}

interface KeepOptions {
  readonly match: Int32Array;
  readonly value: 1 | -1;
  readonly limit: number;
  readonly random: RandomStream;
}

/** Makes random anchors of this value neutral until `limit` are left; returns how many are left. */
function keepAtMost({ match, value, limit, random }: KeepOptions): number {
  const anchors: number[] = [];
  for (let anchor = match.indexOf(value); anchor >= 0; anchor = match.indexOf(value, anchor + 1)) {
    anchors.push(anchor);
  }
  if (anchors.length <= limit) return anchors.length;
  for (const anchor of anchors) match[anchor] = 0;
  for (let kept = 0; kept < limit; kept++) {
    const chosen = kept + random.below(anchors.length - kept);
    match[anchors[chosen] ?? 0] = value;
    anchors[chosen] = anchors[kept] ?? 0;
  }
  return limit;
}

interface DeltasOptions extends Matches {
  readonly anchors: Float64Array;
  readonly instances: Int32Array;
  readonly config: RpnTargetsOptions['config'];
}

function deltasOfPositives(options: DeltasOptions): Float64Array {
  const { anchors, instances, match, closest, config } = options;
  const { rpnTrainAnchorsPerImage, rpnBboxStdDev } = config;
  const deltas = new Float64Array(4 * rpnTrainAnchorsPerImage);
  let row = 0;
  for (let anchor = match.indexOf(1); anchor >= 0; anchor = match.indexOf(1, anchor + 1)) {
    const gt = 4 * (closest[anchor] ?? 0);
    const refinement = boxRefinement(
      anchors.subarray(4 * anchor, 4 * anchor + 4),
      instances.subarray(gt, gt + 4),
    );
    deltas.set(
      refinement.map((delta, i) => delta / (rpnBboxStdDev[i] ?? 1)),
      row,
    );
    row += 4;
  }
  return deltas;
}

function boxesWhere(
  boxes: Int32Array,
  classIds: readonly number[],
  condition: (classId: number) => boolean,
): Int32Array {
  return boxes.filter((_, i) => condition(classIds[Math.floor(i / 4)] ?? 0));
}
