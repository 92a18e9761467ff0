/** How fast a step goes and how long it still takes, from what heartbeats say. */
import { describe, expect, test } from '@jest/globals';
import { RateMeter } from '../../cli/runs/rate-meter.ts';
import { stepSecondsLeft, trainingSecondsLeft } from '../../cli/runs/time-left.ts';
import type { ActivityUnderWay } from '../../cli/watch-run.ts';

const activity = (done: number, changes: Partial<ActivityUnderWay> = {}): ActivityUnderWay => ({
  ...{ id: 'run 5', type: 'fetchArchive', attempt: 1, lastFailure: undefined },
  progress: { done, total: 1000, unit: 'bytes' },
  ...changes,
});

describe('the rate', () => {
  test('is that of the last minute, and beats that are seen twice do not slow it', () => {
    const meter = new RateMeter();
    const see = (done: number, now: number) => {
      meter.observe([activity(done)], now);
      return meter.rateOf(activity(done));
    };
    expect(see(0, 0)).toBeUndefined();
    expect(see(100, 10_000)).toBe(10);
    expect(see(100, 11_000)).toBe(10);
    expect(see(300, 20_000)).toBe(15);
    // Much later only what is recent counts: 600 in the 70 s since the last beat that was seen.
    expect(see(900, 90_000)).toBeCloseTo(600 / 70, 10);
  });

  test('starts anew with another try, and where work is done again', () => {
    const meter = new RateMeter();
    meter.observe([activity(0)], 0);
    meter.observe([activity(500)], 1000);
    const again = activity(100, { attempt: 2 });
    meter.observe([again], 2000);
    expect(meter.rateOf(again)).toBeUndefined();
    meter.observe([activity(50, { attempt: 2 })], 3000);
    expect(meter.rateOf(again)).toBeUndefined();
    meter.observe([activity(60, { attempt: 2 })], 4000);
    expect(meter.rateOf(again)).toBe(10);
  });
});

describe('the time left', () => {
  test('of a step is what is left of it at its speed', () => {
    expect(stepSecondsLeft({ done: 30, total: 100, perSecond: 7 })).toBe(10);
    expect(stepSecondsLeft({ done: 30, total: 100, perSecond: undefined })).toBeUndefined();
  });

  test('of a training is that of its epoch at the speed of its steps, then as the epochs before', () => {
    // Epochs take 100 s, 80 of them for 40 steps: half of the steps, what comes beside them, and two epochs more.
    const pace = { epochs: { done: 1, total: 4 }, epochSeconds: [100] };
    const underWay = { done: 20, total: 40, perSecond: 0.5 };
    expect(trainingSecondsLeft({ ...pace, underWay })).toBe(40 + 20 + 200);
    expect(trainingSecondsLeft(pace)).toBe(300);
  });

  test('is unknown before anything was measured, and nothing when all epochs are done', () => {
    const epochs = { done: 0, total: 2 };
    expect(trainingSecondsLeft({ epochs, epochSeconds: [] })).toBeUndefined();
    const underWay = { done: 10, total: 40, perSecond: 1 };
    expect(trainingSecondsLeft({ epochs, epochSeconds: [], underWay })).toBe(30 + 40);
    expect(
      trainingSecondsLeft({ epochs: { done: 2, total: 2 }, epochSeconds: [5, 5] }),
    ).toBeUndefined();
  });
});
