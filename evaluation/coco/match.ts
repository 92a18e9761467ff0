/** Which detections of one image and one category are right: `COCOeval.evaluateImg` of pycocotools. */
import type { Candidates } from './candidates.ts';

/** `np.linspace(0.5, 0.95, 10)`. */
const STEP = (0.95 - 0.5) / 9;
export const IOU_THRESHOLDS: readonly number[] = Array.from({ length: 10 }, (_, i) =>
  i === 9 ? 0.95 : 0.5 + i * STEP,
);

/** Areas in pixels, both ends included. */
export type AreaRange = readonly [least: number, most: number];

export type Verdict = 'right' | 'wrong' | 'ignored';

export interface ImageMatches {
  /** `[detection]`, falling. */
  readonly scores: readonly number[];
  /** `[IoU threshold][detection]` */
  readonly verdicts: readonly (readonly Verdict[])[];
  /** Instances that should be found: neither a crowd nor out of the range. */
  readonly positives: number;
}

/**
 * Each detection, by falling score, takes the free instance that it overlaps most, one that counts before
 * one that is ignored (a crowd, or an area out of the range). A detection of an ignored instance is itself
 * ignored, and so is one that finds nothing and is out of the range; a crowd may be found many times.
 *
 * pycocotools takes a match with annotation id 0 for no match; ids do not matter here.
 */
export function matchImage(
  { truths, detections, ious }: Candidates,
  [least, most]: AreaRange,
): ImageMatches {
  const isOutside = ({ area }: { readonly area: number }) => area < least || area > most;
  const ignored = truths.map((truth) => truth.isCrowd || isOutside(truth));
  const order = [...truths.keys()].sort((a, b) => Number(ignored[a]) - Number(ignored[b]));

  const verdicts = IOU_THRESHOLDS.map((threshold) => {
    const taken = new Set<number>();
    return detections.map((detection, row): Verdict => {
      const isFree = (gt: number) => !taken.has(gt) || truths[gt]?.isCrowd === true;
      let best = Math.min(threshold, 1 - 1e-10);
      let found: number | undefined;
      for (const gt of order) {
        if (!isFree(gt)) continue;
        if (found !== undefined && !ignored[found] && ignored[gt]) break;
        const iou = ious[row]?.[gt] ?? 0;
        if (iou < best) continue;
        best = iou;
        found = gt;
      }
      if (found === undefined) return isOutside(detection) ? 'ignored' : 'wrong';
      taken.add(found);
      return ignored[found] === true ? 'ignored' : 'right';
    });
  });
  return {
    scores: detections.map(({ score }) => score),
    verdicts,
    positives: ignored.filter((isIgnored) => !isIgnored).length,
  };
}
