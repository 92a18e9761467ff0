/** What the writer writes comes back; a file that ends anywhere, as a killed attempt leaves it, gives its whole part. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { trainingCurves } from '../../report/run-page/training-curves.ts';
import { readScalars } from '../../report/tensorboard-reader.ts';
import { createEventWriter } from '../../report/tensorboard.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lesionflow-events-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A file of one curve; `values` by step. */
function fileOf(name: string, now: number, values: ReadonlyMap<number, number>): Uint8Array {
  const path = join(folder, `tfevents.${name}`);
  const writer = createEventWriter({ path, now: () => 1000 * now });
  for (const [step, value] of values) writer.scalar('step/total', value, step);
  writer.close();
  return new Uint8Array(readFileSync(path));
}

const steps = (from: number, to: number, value: number) =>
  new Map(Array.from({ length: to - from + 1 }, (_, i) => [from + i, value] as const));

test('scalars come back in order, whatever the file ends in', () => {
  const file = fileOf(
    'whole',
    7,
    new Map([
      [3_000_000_000, 0.5],
      [2, -1.25],
    ]),
  );
  const whole = [
    { tag: 'step/total', step: 3_000_000_000, value: 0.5, wallTime: 7 },
    { tag: 'step/total', step: 2, value: -1.25, wallTime: 7 },
  ];
  expect(readScalars(file)).toEqual(whole);
  for (let end = 0; end < file.length; end++) {
    expect(readScalars(file.subarray(0, end)).length).toBeLessThan(2);
  }
  const flipped = file.slice();
  flipped[file.length - 10] = (flipped[file.length - 10] ?? 0) ^ 1;
  expect(readScalars(flipped)).toEqual(whole.slice(0, 1));
});

test('of equal steps the later attempt counts, in whatever order the files are listed', () => {
  const key = (attempt: string) => `runs/r/events/all/events.out.tfevents.9.e3-wf-5-a${attempt}-x`;
  const lost = { key: key('9'), stage: 'all', bytes: fileOf('lost', 100, steps(21, 26, 9)) };
  const last = { key: key('10'), stage: 'all', bytes: fileOf('last', 160, steps(24, 30, 1)) };
  for (const files of [
    [lost, last],
    [last, lost],
  ]) {
    const { steps: curves, epochs } = trainingCurves(files, { stepsPerEpoch: 10 });
    expect(curves.total.map(({ y }) => y)).toEqual([9, 9, 9, 1, 1, 1, 1, 1, 1, 1]);
    expect(curves.total.map(({ x }) => x)).toEqual(
      [2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7, 2.8, 2.9, 3].map((x) => expect.closeTo(x, 9) as unknown),
    );
    expect(epochs).toEqual([
      expect.objectContaining({ epoch: 3, attempts: 2, stepsRedone: 3, secondsBetween: 60 }),
    ]);
  }
});

test('long curves keep their shape in few points', () => {
  const key = 'events.out.tfevents.9.e1-wf-5-a1-x';
  const values = new Map(Array.from({ length: 5000 }, (_, i) => [i + 1, i] as const));
  const bytes = fileOf('long', 1, values);
  const { total } = trainingCurves([{ key, stage: 'all', bytes }], { limit: 100 }).steps;
  expect(total).toHaveLength(100);
  expect(total[0]).toEqual({ x: expect.closeTo(25.5 / 5000, 9) as unknown, y: 24.5 });
  expect(total.at(-1)?.y).toBe(4974.5);
});
