/** The gate by itself: who passes, and in which words. */
import { describe, expect, test } from '@jest/globals';
import type { Verdict } from '../../contracts/control.ts';
import type { Alias } from '../../contracts/manifests.ts';
import { gateSchema, type Gate } from '../../contracts/pipeline-input.ts';
import type { Scores } from '../../contracts/references.ts';
import { decideAlias } from '../../storage/alias-gate.ts';
import { scores } from './registry-fixtures.ts';

const SPLIT = 'a'.repeat(64);

function holderWith(held: Scores, splitHash = SPLIT): Alias {
  return {
    ...{ model: 'lesion', alias: 'champion', version: 1, splitHash, scores: held },
    ...{ updatedAt: '2026-11-26T00:00:00.000Z', movedTo: [1], history: [] },
  };
}

interface Case {
  readonly held?: Scores;
  readonly ours: Scores;
  readonly gate?: Partial<Gate> | null;
  readonly verdict?: Verdict | null;
  readonly splitHash?: string;
}

function decide({ held, ours, gate = {}, verdict = null, splitHash = SPLIT }: Case) {
  return decideAlias(
    held === undefined ? undefined : holderWith(held),
    { version: 2, splitHash, scores: ours },
    { gate: gate === null ? null : gateSchema.parse(gate), verdict },
  );
}

describe('the gate', () => {
  test.each<[string, boolean, Case]>([
    ['takes the first version', true, { ours: scores(0.1) }],
    ['asks the minimum of the first too', false, { ours: scores(0.1), gate: { minimum: 0.5 } }],
    ['takes one at the minimum', true, { ours: scores(0.5), gate: { minimum: 0.5 } }],
    ['wants more than an equal score', false, { held: scores(0.5), ours: scores(0.5) }],
    ['takes a little more', true, { held: scores(0.5), ours: scores(0.5001) }],
    [
      'takes what is better by the margin to the last digit of a float',
      true,
      { held: scores(0.55), ours: scores(0.58), gate: { margin: 0.03 } },
    ],
    [
      'refuses what is better by less',
      false,
      { held: scores(0.55), ours: scores(0.5799), gate: { margin: 0.03 } },
    ],
    [
      'looks at the metric that it is told, not at another',
      true,
      {
        held: { ...scores(0.9), dice: 0.5 },
        ours: { ...scores(0.1), dice: 0.6 },
        gate: { metric: 'dice' },
      },
    ],
    [
      'compares nothing across splits',
      false,
      { held: scores(0.1), ours: scores(0.9), splitHash: 'b'.repeat(64) },
    ],
    [
      'is open where there is none, across splits too',
      true,
      { held: scores(0.9), ours: scores(0.1), gate: null, splitHash: 'b'.repeat(64) },
    ],
  ])('%s', (_, moves, given) => {
    expect(decide(given).moves).toBe(moves);
  });

  test('says by what it decided', () => {
    const gate = { metric: 'jaccard', margin: 0.05 } as const;
    const held = { ...scores(0), jaccard: 0.7 };
    expect(decide({ held, ours: { ...held, jaccard: 0.72 }, gate }).reason).toBe(
      'Jaccard 0.7200 of version 2 against 0.7000 of version 1 on the same split: not greater by 0.05',
    );
    expect(decide({ ours: scores(0.4), gate: { minimum: 0.5 } }).reason).toBe(
      'threshold Jaccard 0.4000 of version 2 is below the minimum of 0.5',
    );
  });
});

describe("a person's word", () => {
  const ada = { isApproved: true, by: 'Ada', reason: 'fine' };

  test('does not open a gate that has closed meanwhile', () => {
    const { moves, reason } = decide({ held: scores(0.6), ours: scores(0.5), verdict: ada });
    expect(moves).toBe(false);
    expect(reason).toMatch(/^approved by Ada: fine, but by then .*not greater$/);
  });

  test('is kept beside what the gate said', () => {
    const { moves, reason } = decide({ held: scores(0.5), ours: scores(0.6), verdict: ada });
    expect([moves, reason]).toEqual([true, expect.stringMatching(/split; approved by Ada: fine$/)]);
  });

  test('closes it to what would have passed', () => {
    const no = { isApproved: false, by: null, reason: 'nobody answered within 1 hour' };
    expect(decide({ ours: scores(0.9), verdict: no })).toEqual({
      moves: false,
      reason: 'rejected: nobody answered within 1 hour',
    });
  });
});
