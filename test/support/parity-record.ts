/**
 * Holds a deviation from the reference to its tolerance and, under `npm run parity`, writes it down: the
 * rows of docs/parity.md are what the tests have seen, never typed by hand.
 *
 * Used by every test of parity (inference, training, utilities): measure with `maxDifference` or the like,
 * then `expectDeviation({ part: 'training', quantity: 'gradient norm', deviation, tolerance: 2e-3, unit: 'relative' })`
 * in place of `expect(deviation).toBeLessThan(2e-3)`. A quantity seen several times gets one row, with
 * the largest deviation.
 */
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { expect } from '@jest/globals';

/** Where the rows go, one JSON a line; unset outside of `npm run parity`. */
export const RECORD_VARIABLE = 'LESIONFLOW_PARITY_RECORD';

export interface ParityDeviation {
  /** The part of the table that the row belongs to. */
  readonly part: 'inference' | 'training' | 'utilities';
  /** What was compared, in a few words, such as `P2` or `masks of detect`. */
  readonly quantity: string;
  /** The largest deviation seen, not negative: NaN or a value above `tolerance` fails the test. */
  readonly deviation: number;
  /** The largest deviation allowed; 0 asks for equality. */
  readonly tolerance: number;
  /** What both are measured in. @default 'absolute' */
  readonly unit?:
    | 'absolute'
    | 'relative'
    | 'pixels'
    | 'share of pixels'
    | '1 - IoU'
    | 'share missing'
    | 'values that differ';
}

export interface ParityRow extends Required<ParityDeviation> {
  /** File of the test, from the root of the repository. */
  readonly file: string;
  /** Full name of the test. */
  readonly test: string;
}

/** Fails the running test unless `deviation <= tolerance`; records both. */
export function expectDeviation({ unit = 'absolute', ...deviation }: ParityDeviation): void {
  const record = process.env[RECORD_VARIABLE];
  if (record !== undefined) {
    const { currentTestName = '', testPath = '' } = expect.getState();
    const file = relative(process.cwd(), testPath);
    const row: ParityRow = { ...deviation, unit, file, test: currentTestName };
    appendFileSync(record, `${JSON.stringify(row)}\n`);
  }
  const { quantity, deviation: seen, tolerance } = deviation;
  // `toBeLessThanOrEqual` would not say of which of a test's quantities it speaks.
  if (!(seen <= tolerance))
    throw new Error(
      `${quantity} deviates by ${String(seen)} (${unit}), more than ${String(tolerance)}`,
    );
}
