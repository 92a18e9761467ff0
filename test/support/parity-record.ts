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
import { RECORD_VARIABLE, type ParityDeviation, type ParityRow } from './parity-page.ts';

/** Fails the running test unless `deviation <= tolerance`; records both. */
export function expectDeviation({ unit = 'absolute', ...measured }: ParityDeviation): void {
  const { quantity, deviation, tolerance } = measured;
  const record = process.env[RECORD_VARIABLE];
  if (record !== undefined) {
    const { currentTestName = '', testPath = '' } = expect.getState();
    const file = relative(process.cwd(), testPath);
    // JSON knows neither NaN nor infinity.
    const written = Number.isFinite(deviation) ? deviation : Number.MAX_VALUE;
    const row: ParityRow = {
      ...measured,
      deviation: written,
      unit,
      file,
      test: currentTestName,
    };
    appendFileSync(record, `${JSON.stringify(row)}\n`);
  }
  // `toBeLessThanOrEqual` would not say which of a test's quantities it is about.
  if (!(deviation <= tolerance)) {
    throw new Error(
      `${quantity} deviates by ${String(deviation)} (${unit}), more than ${String(tolerance)}`,
    );
  }
}
