/** What is measured: one kind of work at one size, batch and precision. */
import { z } from 'zod';

export const caseKinds = ['train-all', 'train-heads', 'detect', 'load', 'start-up'] as const;
export const precisions = ['float32', 'bfloat16'] as const;

export type CaseKind = (typeof caseKinds)[number];
export type Precision = (typeof precisions)[number];

export const benchCaseSchema = z.strictObject({
  kind: z.enum(caseKinds),
  /** Side of the square images, in pixels. */
  size: z.int().positive(),
  /** Images that are worked on together. */
  batch: z.int().positive(),
  precision: z.enum(precisions),
});

export type BenchCase = z.output<typeof benchCaseSchema>;

export interface MatrixOptions {
  readonly cases: readonly CaseKind[];
  readonly sizes: readonly number[];
  readonly batches: readonly number[];
  /** In place of every size with every batch: these pairs of `[size, batch]`. */
  readonly shapes?: readonly (readonly [number, number])[] | undefined;
  readonly precisions: readonly Precision[];
}

/**
 * Every combination that says something: reading data knows no precision, and how long a start takes is asked
 * once, at the size nearest to 512 and the smallest batch, in the first precision.
 */
export function benchCases(options: MatrixOptions): BenchCase[] {
  const { cases, sizes, batches, precisions: all } = options;
  const shapes =
    options.shapes ?? sizes.flatMap((size) => batches.map((batch) => [size, batch] as const));
  const [first = 'float32'] = all;
  const [start = [512, 1]] = [...shapes].sort(
    (a, b) => Math.abs(a[0] - 512) - Math.abs(b[0] - 512) || a[1] - b[1],
  );
  return cases.flatMap((kind): BenchCase[] => {
    if (kind === 'start-up') {
      return [{ kind, size: start[0], batch: start[1], precision: first }];
    }
    const ofKind = kind === 'load' ? (['float32'] as const) : all;
    return shapes.flatMap(([size, batch]) =>
      ofKind.map((precision) => ({ kind, size, batch, precision })),
    );
  });
}

const KIND_NAMES: Readonly<Record<CaseKind, string>> = {
  'train-all': 'train step, all layers',
  'train-heads': 'train step, heads',
  detect: 'detection',
  load: 'reading a batch',
  'start-up': 'start-up to the end of the first step',
};

/** For people: `train step, all layers, 512 x 512, batch 1, float32`. */
export function caseName({ kind, size, batch, precision }: BenchCase): string {
  const parts = [KIND_NAMES[kind], `${String(size)} x ${String(size)}`, `batch ${String(batch)}`];
  return [...parts, ...(kind === 'load' ? [] : [precision])].join(', ');
}

/** Does the case change weights? */
export function isTraining({ kind }: BenchCase): boolean {
  return kind.startsWith('train') || kind === 'start-up';
}
