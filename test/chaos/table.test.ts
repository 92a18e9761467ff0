/** The table counts what was tried, and calls nothing survived that an oracle refused. */
import { expect, it } from '@jest/globals';
import type { FaultReport } from '../../chaos/disturbed-run.ts';
import { markdownTable, rowsOf } from '../../chaos/table.ts';
import type { JudgedRun } from '../../chaos/session.ts';
import type { EpochResult } from '../../contracts/progress.ts';

const fault = (given: Partial<FaultReport>): FaultReport => ({
  ...{ index: 0, fault: 'kill trainer', place: 'train heads', moment: 0, outcome: 'survived' },
  ...given,
});

const run = (faults: FaultReport[], given: { redone?: number; violated?: boolean } = {}) =>
  ({
    report: { faults, history: [{ epoch: 1, stepsRedone: given.redone } as EpochResult] },
    violations: given.violated === true ? [{ oracle: 'final state', what: 'other' }] : [],
  }) as unknown as JudgedRun;

it('has one row for a fault in a place', () => {
  const runs = [
    run([fault({ recoverySeconds: 4 }), fault({ place: 'publish', recoverySeconds: 2 })], {
      redone: 7,
    }),
    run([fault({ recoverySeconds: 9 })], { redone: 3 }),
    run([fault({ recoverySeconds: 1 })], { violated: true }),
    run([fault({ outcome: 'stuck', recoverySeconds: 400 })]),
    run([fault({ outcome: 'missed' }), fault({ outcome: 'left out' })]),
  ];
  expect(markdownTable(rowsOf(runs)).split('\n').slice(2)).toEqual([
    '| kill trainer | train heads | 4 | 2 | 7 | 4.0 | 9.0 |',
    '| kill trainer | publish | 1 | 1 | – | 2.0 | 2.0 |',
  ]);
});
