/** An epoch whose attempts run out: it goes on when it got further, and ends the run when it did not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { TrainEpochInput, TrainEpochOutput } from '../../contracts/activities.ts';
import { startTemporal, withWorkers, type TestTemporalServer } from './support/environment.ts';
import {
  checkpointOf,
  epochOutput,
  fakeActivities,
  request,
  STEPS,
} from './support/fake-activities.ts';
import { failureOf, startPipeline, statusOf } from './support/runs.ts';

/** As workflows/activity-options.ts allows an epoch. */
const ATTEMPTS = 10;

let environment: TestTemporalServer;

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});

/** A failure that may pass, with what the attempt had saved; tried again at once. */
const died = (checkpoints: unknown): ApplicationFailure =>
  ApplicationFailure.create({
    message: 'the trainer died',
    type: 'trainer-died',
    details: [{ exitCode: 1, checkpoints }],
    nextRetryDelay: 1,
  });

const startedAt = ({ epoch, start }: TrainEpochInput): string =>
  `${epoch} from ${start.kind === 'checkpoint' ? start.checkpoint.manifestKey : start.kind}`;

/** Runs the request; gives where each activity of an epoch began, and how often it was tried. */
async function run(
  name: string,
  trainEpoch: (input: TrainEpochInput, attempt: number) => Promise<TrainEpochOutput>,
  input: unknown = request,
) {
  const tries = new Map<string, number>();
  const { activities } = fakeActivities({
    trainEpoch: (epoch) => {
      const from = startedAt(epoch);
      tries.set(from, (tries.get(from) ?? 0) + 1);
      return trainEpoch(epoch, Context.current().info.attempt);
    },
  });
  return withWorkers(environment, activities, async () => {
    const handle = await startPipeline(environment, input, name);
    const failure = await failureOf(handle);
    return { failure, tries: Object.fromEntries(tries), status: await statusOf(handle) };
  });
}

describe('when the attempts of an epoch have run out', () => {
  it('the epoch goes on from the newest checkpoint that a failure names', async () => {
    const { failure, tries } = await run('died-often', (input) => {
      const begun = input.start.kind === 'checkpoint' && input.start.checkpoint.epoch === 2;
      if (input.epoch !== 2 || begun) return Promise.resolve(epochOutput(input));
      throw died([checkpointOf(input, 7), checkpointOf(input, 4)]);
    });
    expect(failure).toBeUndefined();
    expect(tries).toEqual({
      '1 from initial': 1,
      '2 from checkpoints/1': ATTEMPTS,
      '2 from checkpoints/2-7': 1,
      '3 from checkpoints/2': 1,
    });
  });

  it('the epoch goes on from the last heartbeat of a worker that was lost', async () => {
    const { failure, tries } = await run(
      'lost-often',
      async (input, attempt) => {
        const begun = input.start.kind === 'checkpoint' && input.start.checkpoint.epoch === 2;
        if (input.epoch !== 2 || begun) return epochOutput(input);
        if (attempt < ATTEMPTS) throw died([]);
        const checkpoints = [checkpointOf(input, 3)];
        Context.current().heartbeat({ done: 3, total: STEPS, unit: 'steps', checkpoints });
        // Longer than its heartbeat timeout: the server gives it up.
        await sleep(600_000, undefined, { signal: Context.current().cancellationSignal });
        return epochOutput(input);
      },
      { ...request, timeouts: { heartbeatSeconds: 2 } },
    );
    expect(failure).toBeUndefined();
    expect(tries).toMatchObject({ '2 from checkpoints/1': ATTEMPTS, '2 from checkpoints/2-3': 1 });
  });

  it('the run fails, in the failure’s own words, when there is nothing beyond where it began', async () => {
    const { failure, tries, status } = await run('never-further', (input) => {
      if (input.epoch === 1) return Promise.resolve(epochOutput(input));
      // Once it gets to step 4, and from there it does not get on.
      throw died([checkpointOf(input, 4)]);
    });
    expect(failure).toMatchObject({
      message: 'trainEpoch: the trainer died',
      type: 'trainer-died',
    });
    expect(tries).toEqual({
      '1 from initial': 1,
      '2 from checkpoints/1': ATTEMPTS,
      '2 from checkpoints/2-4': ATTEMPTS,
    });
    expect(status.lastCheckpoint?.epoch).toBe(1);
  });
});
