/** The image size that a data set's lesions need, and the one that the machine and the hours allow. */
import { quantileOf } from './spread.ts';
import type { PairMeasures } from './measure-pair.ts';
import { LEAST_IMAGES } from './propose-recipe.ts';
import { fitsMemory, stepSeconds, type Machine } from './training-cost.ts';

export interface SizeOptions {
  readonly measures: readonly Pick<PairMeasures, 'box' | 'height' | 'width'>[];
  /** Pairs that will train. */
  readonly trainingPairs: number;
  readonly machine: Machine;
  /** That training may take. */
  readonly hours: number;
}

export interface SizeProposal {
  /** Side of the square in pixels, a multiple of 64. */
  readonly side: number;
  readonly reason: string;
}

/** Four cells of the finest feature map, which has a stride of 4 pixels: less is a dot. */
const SMALL_LESION = 16;
/** Side of the mini-masks that masks are learnt from: a lesion above it gives its mask no more detail. */
const WHOLE_DETAIL = 56;
const STEP = 64;
const LEAST = 64;
const USUAL_LEAST = 128;
const MOST = 1024;
/** Fewer looks at each picture teach little. */
const LEAST_PASSES = 3;

export function proposeSize(options: SizeOptions): SizeProposal {
  const { measures, machine } = options;
  const sides = measures.map(lesionSide);
  const [small, usual] = [quantileOf(sides, 0.05), quantileOf(sides, 0.5)];
  const needed = Math.max(SMALL_LESION / small, WHOLE_DETAIL / usual);
  const own = quantileOf(
    measures.map(({ height, width }) => Math.max(height, width)),
    0.5,
  );
  const most = Math.max(USUAL_LEAST, Math.min(MOST, STEP * Math.ceil(own / STEP)));
  const wanted = Math.min(most, Math.max(USUAL_LEAST, STEP * Math.ceil(needed / STEP)));
  const side = affordable(wanted, options);
  const pixels = (share: number) => String(Math.round(share * side));
  const seen =
    `At ${String(side)} px a small lesion (1 in 20) is ${pixels(small)} px across and half of them ` +
    `${pixels(usual)} px or more; a mask shows all of its detail at ${String(WHOLE_DETAIL)} px, and below ` +
    `${String(SMALL_LESION)} px a lesion is a dot`;
  if (side < wanted) {
    const isMemory = !fitsMemory({ side: side + STEP, batch: 1 }, machine);
    const limit = isMemory
      ? `the ${machine.memory.toFixed(0)} GB of memory here do not allow`
      : `the ${String(options.hours)} h given do not allow`;
    return { side, reason: `${seen}; ${String(wanted)} px would be better, which ${limit}.` };
  }
  if (wanted === most && needed > most) {
    return { side, reason: `${seen}; the pictures themselves are no larger.` };
  }
  return { side, reason: `${seen}.` };
}

/** The side of a square as large as the lesion's box, as a share of the image's longer side. */
export function lesionSide({
  box: [y1, x1, y2, x2],
  height,
  width,
}: SizeOptions['measures'][number]): number {
  return Math.sqrt((y2 - y1) * (x2 - x1)) / Math.max(height, width);
}

function affordable(wanted: number, { trainingPairs, machine, hours }: SizeOptions): number {
  for (let side = wanted; side > LEAST; side -= STEP) {
    const images = Math.max(LEAST_IMAGES, LEAST_PASSES * trainingPairs);
    const seconds = images * stepSeconds({ side, batch: 1 }, machine);
    const isInTime = machine.hasGpu || seconds <= 3600 * hours;
    if (isInTime && fitsMemory({ side, batch: 1 }, machine)) return side;
  }
  return LEAST;
}
