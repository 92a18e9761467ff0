/** Which advice a run gives, by the numbers behind it; and what a page keeps to itself. */
import { describe, expect, test } from '@jest/globals';
import type { EpochResult } from '../../contracts/progress.ts';
import type { RunFacts } from '../../report/run-page/facts.ts';
import { findingsOf } from '../../report/run-page/findings.ts';
import { marginOf } from '../../report/run-page/margin.ts';
import { withoutSecrets } from '../../report/run-page/sections/recipe.ts';
import { trainingCurves } from '../../report/run-page/training-curves.ts';

const losses = (total: number) => ({
  ...{ total, rpnClass: 0, rpnBbox: 0, mrcnnClass: 0, mrcnnBbox: 0, mrcnnMask: 0, l2: 0 },
});

/** A completed run whose epochs have these validation losses. */
function factsOf(validation: readonly number[], more: Partial<RunFacts> = {}): RunFacts {
  const epochs = validation.map((total, index): EpochResult => ({
    stage: 'all',
    epoch: index + 1,
    training: losses(1),
    validation: losses(total),
    seconds: 60,
  }));
  return {
    run: { runId: 'r', state: 'completed' },
    writtenAt: new Date(0),
    curves: trainingCurves([]),
    overlays: [],
    quarantined: [],
    gaps: [],
    ...{ epochs, ...more },
  };
}

const texts = (facts: RunFacts) => findingsOf(facts).map(({ tone, text }) => `${tone}: ${text}`);

describe('validation', () => {
  test('that rose after its best epoch is learning by heart', () => {
    expect(texts(factsOf([2, 1, 1.1, 1.2]))).toEqual([
      expect.stringMatching(
        /^warn: .*lowest after epoch 2 and rose by 20 % until epoch 4.*earlyStopping/,
      ),
    ]);
  });

  test('that still fell wants more epochs, unless the run goes on', () => {
    const falling = factsOf([2, 1.6, 1.3, 1.1]);
    expect(texts(falling)).toEqual([expect.stringMatching(/^note: .*still falling/)]);
    expect(texts({ ...falling, run: { runId: 'r', state: 'running' } })).toEqual([]);
  });

  test('that is flat, or of two epochs, says nothing', () => {
    expect(texts(factsOf([2, 1, 1.01, 1.0]))).toEqual([]);
    expect(texts(factsOf([1, 2]))).toEqual([]);
  });
});

test('what is worst comes first: a run that failed, then what could not be read', () => {
  const facts = factsOf([], {
    run: { runId: 'r', state: 'failed', failure: 'no memory' },
    gaps: ['evaluation: it is gone'],
  });
  expect(texts(facts)).toEqual([
    expect.stringMatching(/^bad: .*did not end well/),
    expect.stringMatching(/^warn: .*it is gone/),
  ]);
});

test('the margin of a mean is that of its standard error, and of few values there is none', () => {
  // Of 0 and 1 by halves the variance is n / (4 (n - 1)).
  const halves = Array.from({ length: 100 }, (_, index) => index % 2);
  expect(marginOf(halves)).toBeCloseTo((1.96 * 0.5) / Math.sqrt(99), 12);
  expect(marginOf(halves.slice(0, 7))).toBeUndefined();
});

test('addresses lose what opens them', () => {
  expect(withoutSecrets('https://me:secret@host/a.zip?X-Amz-Signature=abc#d')).toBe(
    'https://host/a.zip',
  );
  expect(withoutSecrets('s3://bucket/a@b.zip')).toBe('s3://bucket/a@b.zip');
});
