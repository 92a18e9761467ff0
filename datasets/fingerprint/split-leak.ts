/** Near-duplicates beside the split: a lesion that trains in one picture and is scored in the other. */
import { z } from 'zod';
import type { Finding } from './finding.ts';
import type { NearDuplicate } from './near-duplicates.ts';

const part = z.enum(['training', 'validation', 'neither']);
export type SplitPart = z.output<typeof part>;

export const duplicatePairSchema = z.strictObject({
  ids: z.tuple([z.string(), z.string()]),
  parts: z.tuple([part, part]),
  /** Of 256 bits of the perceptual hashes. */
  bits: z.int().nonnegative(),
  correlation: z.number(),
  isTurned: z.boolean(),
});
export type DuplicatePair = z.output<typeof duplicatePairSchema>;

/** Which part each id falls into; `neither` where `split.maxPairs` leaves it out. */
export function withParts(
  duplicates: readonly NearDuplicate[],
  split: { readonly training: readonly string[]; readonly validation: readonly string[] },
): DuplicatePair[] {
  const parts = new Map<string, SplitPart>();
  for (const id of split.training) parts.set(id, 'training');
  for (const id of split.validation) parts.set(id, 'validation');
  const partOf = (id: string) => parts.get(id) ?? 'neither';
  return duplicates.map(({ ids: [a, b], ...rest }) => ({
    ids: [a, b],
    parts: [partOf(a), partOf(b)],
    ...rest,
  }));
}

/** One of the pair trains, the other is scored. */
export const leaks = ({ parts: [a, b] }: DuplicatePair): boolean =>
  a !== b && a !== 'neither' && b !== 'neither';

export function duplicateFindings(pairs: readonly DuplicatePair[]): Finding[] {
  const leaking = pairs.filter(leaks);
  const others = pairs.filter((pair) => !leaks(pair));
  return [
    ...(leaking.length === 0
      ? []
      : [
          {
            kind: 'split-leak' as const,
            level: 'act' as const,
            title: `${counted(leaking)} on both sides of the split: what is learnt from one is scored on the other.`,
            advice:
              'Take one of each pair out of both archives (split-leak.png shows them), or the score flatters the model.',
            pictures: captioned(leaking),
          },
        ]),
    ...(others.length === 0
      ? []
      : [
          {
            kind: 'near-duplicates' as const,
            level: 'note' as const,
            title: `${counted(others)} on the same side of the split.`,
            advice: 'They do no harm there, but another split.seed may part them.',
            pictures: captioned(others),
          },
        ]),
  ];
}

const counted = ({ length }: readonly DuplicatePair[]) =>
  length === 1 ? '1 pair of near-duplicates is' : `${String(length)} pairs of near-duplicates are`;

const captioned = (pairs: readonly DuplicatePair[]) =>
  pairs.flatMap(({ ids, parts, isTurned }) =>
    ids.map((id, index) => ({
      id,
      caption: `${parts[index] ?? ''}, like ${ids[1 - index] ?? ''}${isTurned ? ', turned' : ''}`,
    })),
  );
