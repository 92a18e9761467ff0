/** Something in a data set that a person should know of, with the pictures that show it. */
import { z } from 'zod';

export const findingSchema = z.strictObject({
  kind: z.enum([
    'unusable',
    'split-leak',
    'near-duplicates',
    'tiny-lesion',
    'huge-lesion',
    'border',
    'several-parts',
    'specks',
    'faint-lesion',
    'bright-lesion',
    'dark-corners',
    'odd-colour',
    'small-picture',
    'few-pairs',
  ]),
  /** `act`: scores or training suffer. `look`: a mask or picture may be wrong. `note`: good to know. */
  level: z.enum(['act', 'look', 'note']),
  /** One sentence. */
  title: z.string(),
  /** One sentence: what to do about it. */
  advice: z.string(),
  /** All that it is true of, the most striking first. */
  pictures: z.array(z.strictObject({ id: z.string(), caption: z.string() })),
});
export type Finding = z.output<typeof findingSchema>;

type Level = Finding['level'];
const ORDER: readonly Level[] = ['act', 'look', 'note'];

export const byLevel = (findings: readonly Finding[]): Finding[] =>
  findings.toSorted((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
