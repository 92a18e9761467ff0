/**
 * Which pictures and masks are out of the ordinary. The limits are where ISIC 2018's own pictures begin to look
 * odd to the eye; each names about one in a hundred of them.
 */
import type { Quarantined } from '../pair-entries.ts';
import { brightnessOf, colourDistance } from './colour-stats.ts';
import type { Finding } from './finding.ts';
import type { PairMeasures } from './measure-pair.ts';
import { oddColours } from './odd-colours.ts';

/** Shares of the image. */
const TINY = 0.01;
const HUGE = 0.9;
/** Sides of the image. */
const MANY_SIDES = 3;
/** A second part with so much of the lesion is drawn on purpose; less is a slip of the pen. */
const PART = 0.01;
/** Distance of the mean colours of lesion and skin, 0 to 442. */
const FAINT = 8;
/** By how much a lesion is brighter than what is around it. */
const BRIGHT = 10;
const DARK_CORNERS = 2;
const FEW_PAIRS = 200;

export interface FindingsOptions {
  readonly measures: readonly PairMeasures[];
  readonly quarantined: readonly Quarantined[];
  /** Side of the training square, in pixels. */
  readonly side: number;
}

/** Of single pictures; pairs of pictures are in `split-leak.ts`. */
export function findings(options: FindingsOptions): Finding[] {
  const { measures, quarantined } = options;
  return [
    ...unusable(quarantined),
    ...fewPairs(measures.length),
    ...RULES.flatMap((rule) => applied(rule, options)),
    ...oddColours(measures),
  ];
}

interface Rule extends Pick<Finding, 'kind' | 'level' | 'advice'> {
  readonly holds: (pair: PairMeasures, side: number) => boolean;
  /** Pictures are sorted by it, the largest first. */
  readonly weight: (pair: PairMeasures) => number;
  readonly caption: (pair: PairMeasures) => string;
  readonly title: (count: string, side: number) => string;
}

const percent = (share: number) =>
  `${(100 * share).toFixed(share > 0.995 || share < 0.1 ? 1 : 0)} %`;
const contrast = ({ colours }: PairMeasures) =>
  colourDistance(colours.lesion.mean, colours.skin.mean);
const brightening = ({ colours }: PairMeasures) =>
  brightnessOf(colours.lesion.mean) - brightnessOf(colours.skin.mean);

const RULES: readonly Rule[] = [
  {
    kind: 'tiny-lesion',
    level: 'look',
    holds: ({ area }) => area < TINY,
    weight: ({ area }) => -area,
    caption: ({ area }) => `${percent(area)} of the picture`,
    title: (count) => `${count} a lesion of less than 1 % of the picture.`,
    advice: 'See that the mask is the lesion and no speck; a larger image size helps to find it.',
  },
  {
    kind: 'huge-lesion',
    level: 'look',
    holds: ({ area }) => area > HUGE,
    weight: ({ area }) => area,
    caption: ({ area }) => `${percent(area)} of the picture`,
    title: (count) => `${count} a mask over more than 90 % of the picture.`,
    advice:
      'See that the mask is not the whole picture by mistake; there is hardly skin to tell it from.',
  },
  {
    kind: 'border',
    level: 'note',
    holds: ({ bordersTouched }) => bordersTouched >= MANY_SIDES,
    weight: ({ bordersTouched }) => bordersTouched,
    caption: ({ bordersTouched }) => `touches ${String(bordersTouched)} sides`,
    title: (count) => `${count} a lesion that leaves the picture on three sides or four.`,
    advice: 'Nothing is wrong with it, but the true outline is not in the picture.',
  },
  {
    kind: 'several-parts',
    level: 'look',
    holds: ({ parts }) => (parts[1] ?? 0) >= PART,
    weight: ({ parts }) => parts[1] ?? 0,
    caption: ({ parts }) => `${String(parts.filter((part) => part >= PART).length)} parts`,
    title: (count) => `${count} a mask in several parts.`,
    advice:
      'Training takes them as one lesion with one box around all of them; separate lesions need a mask each.',
  },
  {
    kind: 'specks',
    level: 'note',
    holds: ({ parts }) => parts.length > 1 && (parts[1] ?? 0) < PART,
    weight: ({ parts }) => parts.length,
    caption: ({ parts }) =>
      `${String(parts.length - 1)} stray ${parts.length === 2 ? 'speck' : 'specks'}`,
    title: (count) => `${count} stray pixels beside the lesion in the mask.`,
    advice:
      'A speck far away makes the box too large; an opening or "keep the largest part" cleans masks.',
  },
  {
    kind: 'faint-lesion',
    level: 'look',
    holds: (pair) => contrast(pair) < FAINT,
    weight: (pair) => -contrast(pair),
    caption: (pair) => `colours ${contrast(pair).toFixed(1)} apart`,
    title: (count) => `${count} a lesion of nearly the colour of its skin.`,
    advice:
      'See that the mask belongs to this picture; if it does, this is a hard case and worth keeping.',
  },
  {
    kind: 'bright-lesion',
    level: 'look',
    holds: (pair) => brightening(pair) > BRIGHT && pair.darkCorners < DARK_CORNERS,
    weight: brightening,
    caption: (pair) => `${brightening(pair).toFixed(0)} levels brighter`,
    title: (count) => `${count} a lesion that is brighter than what is around it.`,
    advice: 'See that the mask is not inverted: it should be white on the lesion.',
  },
  {
    kind: 'dark-corners',
    level: 'note',
    holds: ({ darkCorners }) => darkCorners >= DARK_CORNERS,
    weight: ({ darkCorners }) => darkCorners,
    caption: ({ darkCorners }) => `${String(darkCorners)} black corners`,
    title: (count) => `${count} the black rim of the dermatoscope's tube or a black frame.`,
    advice:
      'Fine where new pictures have it too; else crop it away, or a model learns that rims mean something.',
  },
  {
    kind: 'small-picture',
    level: 'note',
    holds: ({ height, width }, side) => Math.max(height, width) < side,
    weight: ({ height, width }) => -Math.max(height, width),
    caption: ({ height, width }) => `${String(width)} × ${String(height)}`,
    title: (count, side) => `${count} fewer pixels than the image size of ${String(side)}.`,
    advice: 'They are enlarged, which adds no detail; a smaller image size trains faster.',
  },
];

function applied(rule: Rule, { measures, side }: FindingsOptions): Finding[] {
  const { kind, level, advice, holds, weight, caption, title } = rule;
  const found = measures
    .filter((pair) => holds(pair, side))
    .sort((a, b) => weight(b) - weight(a) || (a.id < b.id ? -1 : 1));
  if (found.length === 0) return [];
  const pictures = found.map((pair) => ({ id: pair.id, caption: caption(pair) }));
  const count = `${pictureCount(found.length)} (${percent(found.length / measures.length)})`;
  const have = `${count} ${found.length === 1 ? 'has' : 'have'}`;
  return [{ kind, level, title: title(have, side), advice, pictures }];
}

const pictureCount = (count: number) =>
  count === 1 ? '1 picture' : `${count.toLocaleString('en')} pictures`;

function unusable(quarantined: readonly Quarantined[]): Finding[] {
  if (quarantined.length === 0) return [];
  const reasons = new Map<string, number>();
  for (const { reason } of quarantined) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const words = [...reasons]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, n]) => `${String(n)} ${reason}`);
  return [
    {
      kind: 'unusable',
      level: 'act',
      title: `${pictureCount(quarantined.length)} cannot be used (${words.join(', ')}).`,
      advice:
        'A run leaves them out, and stops when they are more than 5 % (inspection.maxQuarantinedShare).',
      pictures: quarantined.map(({ id, reason, detail }) => ({
        id,
        caption: `${reason}: ${detail}`,
      })),
    },
  ];
}

function fewPairs(count: number): Finding[] {
  if (count >= FEW_PAIRS) return [];
  return [
    {
      kind: 'few-pairs',
      level: 'note',
      title: `${pictureCount(count)} are few to learn from.`,
      advice:
        'Start from weights that know something: --weights coco, or a model of your own such as lesion@champion.',
      pictures: [],
    },
  ];
}
