/**
 * Regions of interest before and after refinement, with their class: `draw_rois` of mrcnn/visualize.py.
 * Background is grey; what has a class is dashed before and solid after.
 *
 * Differs on purpose: at least half of what is shown has a class, if there are so many (the reference draws
 * by lot, and mostly background).
 */
import { randomStream, shuffled } from '../maskrcnn/random.ts';
import type { Box } from '../maskrcnn/shapes.ts';
import { drawBoxes } from './boxes.ts';
import type { Drawing, RgbPicture } from './drawing.ts';
import { className } from './instances.ts';

export interface DrawnRoi {
  /** Pixels of the image. */
  readonly box: Box;
  readonly refined: Box;
  /** 0 is the background. */
  readonly classId: number;
  /** Confidence, 0 to 1; targets have none. */
  readonly score?: number;
  /** `[height * width]` of the image, 0 outside. */
  readonly mask?: Uint8Array;
}

export interface RoisOptions {
  readonly image: RgbPicture;
  readonly rois: readonly DrawnRoi[];
  /** Background first. */
  readonly classNames: readonly string[];
  /** More than these are thinned at random. @default 10 */
  readonly limit?: number;
  readonly seed?: number;
  /** Written before the numbers, e.g. `RoIs of the RPN`. @default RoIs */
  readonly title?: string;
}

export async function drawRois(options: RoisOptions): Promise<Drawing> {
  const { image, rois, classNames, limit = 10, seed = 0, title = 'RoIs' } = options;
  const chosen = thinned(rois, { limit, seed });
  const positives = rois.filter(({ classId }) => classId > 0).length;
  return drawBoxes({
    image,
    seed,
    boxes: chosen.map(({ box, refined, classId, score, mask }) => {
      if (classId === 0) return { box, prominence: 'faint' };
      const name = className(classNames, classId);
      return {
        box,
        refined,
        caption: score === undefined ? name : `${name} ${score.toFixed(2)}`,
        ...(mask && { mask }),
      };
    }),
    title:
      `${title}: ${String(positives)} positive, ${String(rois.length - positives)} negative, ` +
      `${String(chosen.length)} shown (dashed: before, solid: after refinement)`,
  });
}

function thinned(
  rois: readonly DrawnRoi[],
  { limit, seed }: { readonly limit: number; readonly seed: number },
): readonly DrawnRoi[] {
  if (rois.length <= limit) return rois;
  const lot = shuffled(rois, randomStream(seed, 'rois'));
  const sure = lot.filter(({ classId }) => classId > 0).slice(0, Math.ceil(limit / 2));
  const others = lot.filter((roi) => !sure.includes(roi)).slice(0, limit - sure.length);
  return [...others, ...sure];
}
