/** The numbers that a progress bar and an epoch's result show. */
import { describe, expect, test } from '@jest/globals';
import { epochAccount } from '../../trainer/tasks/epoch-account.ts';

const losses = (total: number) => ({
  total,
  rpnClass: 0,
  rpnBbox: 0,
  mrcnnClass: 0,
  mrcnnBbox: 0,
  mrcnnMask: 0,
  l2: 0.5,
});

describe('the epoch account', () => {
  test('tells steps, speed, and the share of time spent on data', () => {
    let time = 0;
    const account = epochAccount({ steps: 4, batchSize: 3, now: () => time });
    for (const total of [4, 2]) {
      account.askForData();
      time += 250;
      account.haveData();
      time += 750;
      account.finishStep(losses(total));
    }
    expect(account.progress()).toEqual({
      done: 2,
      total: 4,
      unit: 'steps',
      losses: losses(2),
      imagesPerSecond: 3,
      dataWaitShare: 0.25,
      peakResidentBytes: process.resourceUsage().maxRSS * 1024,
    });
    expect(account.meanLosses).toEqual(losses(3));
  });

  test("tells a step's time over all its batches, without what lies between steps", () => {
    let time = 0;
    const account = epochAccount({ steps: 2, batchSize: 1, now: () => time });
    for (const batch of [1, 2]) {
      account.askForData();
      time += 100;
      account.haveData();
      time += 400;
      if (batch === 2) account.finishStep(losses(1));
    }
    expect(account.stepSeconds).toBe(1);
    // A checkpoint is written.
    time += 5000;
    account.askForData();
    time += 300;
    account.haveData();
    account.finishStep(losses(1));
    expect(account.stepSeconds).toBe(0.3);
  });

  test('tells the share of waiting in the middle of a step too, before any is finished', () => {
    let time = 0;
    const account = epochAccount({ steps: 1, batchSize: 1, now: () => time });
    account.askForData();
    time += 400;
    account.haveData();
    time += 600;
    expect(account.progress().dataWaitShare).toBe(0.4);
    expect(account.dataWaitShare).toBe(0.4);
  });
});
