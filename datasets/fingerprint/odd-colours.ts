/**
 * Pictures whose colours are far from the others': another lamp, a colour chart, a wrong file. Far is measured in
 * deviations that the odd ones themselves cannot widen (the median absolute deviation; Iglewicz & Hoaglin, 1993).
 */
import { brightnessOf, type ColourStats } from './colour-stats.ts';
import type { Finding } from './finding.ts';
import type { PairMeasures } from './measure-pair.ts';
import { quantileOf } from './spread.ts';

/** In robust deviations. At 5, 2,075 pictures of ISIC give some fifteen. */
const FAR = 5;
/** Of so few pictures the spread is not known. */
const LEAST_PICTURES = 20;
/** Grey levels: sets that are all alike would else find much in little. */
const LEAST_DEVIATION = 5;
/** Of a normal distribution: its deviation over its median absolute deviation. */
const NORMAL = 1.4826;

type Tone = readonly [
  value: (colours: PairMeasures['colours']) => number,
  less: string,
  more: string,
];

const difference = (a: 0 | 1 | 2, b: 0 | 1 | 2) => (stats: ColourStats) =>
  stats.mean[a] - stats.mean[b];

const TONES: readonly Tone[] = [
  [({ all }) => brightnessOf(all.mean), 'very dark', 'very bright'],
  [({ skin }) => difference(0, 1)(skin), 'green skin', 'red skin'],
  [({ skin }) => difference(1, 2)(skin), 'blue or violet skin', 'yellow skin'],
];

export function oddColours(measures: readonly PairMeasures[]): Finding[] {
  if (measures.length < LEAST_PICTURES) return [];
  const odd = TONES.flatMap(([value, less, more]) => {
    const values = measures.map(({ colours }) => value(colours));
    const middle = quantileOf(values, 0.5);
    const spread = quantileOf(
      values.map((one) => Math.abs(one - middle)),
      0.5,
    );
    const deviation = Math.max(LEAST_DEVIATION, NORMAL * spread);
    return measures.flatMap(({ id }, index) => {
      const far = ((values[index] ?? middle) - middle) / deviation;
      return Math.abs(far) < FAR
        ? []
        : [{ id, far: Math.abs(far), caption: far < 0 ? less : more }];
    });
  });
  const worst = new Map<string, (typeof odd)[number]>();
  for (const one of odd) if (one.far > (worst.get(one.id)?.far ?? 0)) worst.set(one.id, one);
  if (worst.size === 0) return [];
  const count = worst.size === 1 ? '1 picture has' : `${String(worst.size)} pictures have`;
  return [
    {
      kind: 'odd-colour',
      level: 'look',
      title: `${count} colours far from all the others'.`,
      advice:
        'See that they are what they should be; another lamp or camera is welcome, a wrong file is not.',
      pictures: [...worst.values()]
        .sort((a, b) => b.far - a.far || (a.id < b.id ? -1 : 1))
        .map(({ id, caption }) => ({ id, caption })),
    },
  ];
}
