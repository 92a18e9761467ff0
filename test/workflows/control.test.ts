/** Pause, resume, stop early, extend and cancel against a real Temporal server; only the activities are fakes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import {
  CancelledFailure,
  WorkflowUpdateFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { controls } from '../../contracts/control.ts';
import type { TrainEpochInput } from '../../contracts/activities.ts';
import {
  startTemporal,
  startWorkers,
  withPipelineWorker,
  withWorkers,
  type TestTemporalServer,
} from './support/environment.ts';
import { epochOutput, fakeActivities, request } from './support/fake-activities.ts';
import { eventually, failureOf, startPipeline, statusOf } from './support/runs.ts';
import { SteppingEpochs, stepsOf } from './support/stepping-epochs.ts';

let environment: TestTemporalServer;

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});

interface Running {
  readonly handle: WorkflowHandle;
  readonly epochs: SteppingEpochs;
  readonly inputsOf: (activity: string) => unknown[];
}

/** A run of epochs that step, stopped before one of the steps; `work` is done with it. */
async function standing(
  name: string,
  [epoch, step]: readonly [number, number],
  work: (running: Running) => Promise<void>,
): Promise<void> {
  const epochs = new SteppingEpochs();
  epochs.standAt(epoch, step);
  const { calls, activities } = fakeActivities({ trainEpoch: epochs.trainEpoch });
  await withWorkers(environment, activities, async () => {
    const handle = await startPipeline(environment, request, name);
    await epochs.untilStanding();
    const inputsOf = (activity: string) =>
      calls.filter((call) => call.activity === activity).map(({ input }) => input);
    await work({ handle, epochs, inputsOf });
  });
}

const update = (handle: WorkflowHandle, name: string, input?: unknown): Promise<string> =>
  handle.executeUpdate<string, [unknown]>(name, { args: [input] });

/** The sentence with which an update is refused. */
async function refusal(handle: WorkflowHandle, name: string, input?: unknown): Promise<string> {
  const error: unknown = await update(handle, name, input).catch((reason: unknown) => reason);
  if (!(error instanceof WorkflowUpdateFailedError))
    throw new Error(`not refused: ${String(error)}`);
  return error.cause?.message ?? '';
}

const stateOf = async (handle: WorkflowHandle) => (await statusOf(handle)).state;

const startedAt = ({ epoch, start }: TrainEpochInput): string =>
  `${epoch} from ${start.kind === 'checkpoint' ? start.checkpoint.manifestKey : start.kind}`;

describe('pause and resume', () => {
  it('saves the epoch within, waits, and goes on from that very step', async () => {
    await standing('paused-run', [2, 4], async ({ handle, epochs }) => {
      expect(await update(handle, controls.pause)).toBe(
        'Paused. Last checkpoint: epoch 2 after 3 of its steps (checkpoints/2-3).',
      );
      const status = await statusOf(handle);
      expect(status.state).toBe('paused');
      expect(status.lastCheckpoint).toMatchObject({ epoch: 2, stepInEpoch: 3 });
      expect(await handle.query('__temporal_workflow_metadata')).toMatchObject({
        currentDetails: expect.stringMatching(/\*\*paused\*\*[^]*epoch 2 after 3 of its steps/),
      });
      expect(await refusal(handle, controls.pause)).toBe('The run is paused already.');

      epochs.goOn();
      expect(await update(handle, controls.resume)).toMatch(/^The run goes on\..*checkpoints\/2-3/);
      await handle.result();
      expect(epochs.taken).toEqual(stepsOf(1, 2, 3));
      expect(epochs.inputs.map(startedAt)).toEqual([
        '1 from initial',
        '2 from checkpoints/1',
        '2 from checkpoints/2-3',
        '3 from checkpoints/2',
      ]);
      expect(await stateOf(handle)).toBe('completed');
    });
  });

  it('takes effect before the next step while data is prepared', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const base = fakeActivities();
    const { calls, activities } = fakeActivities({
      inspectDataset: async (input) => {
        await held;
        return base.activities.inspectDataset(input);
      },
    });
    await withWorkers(environment, activities, async () => {
      const handle = await startPipeline(environment, request, 'paused-in-data');
      await eventually(() => Promise.resolve(calls.at(-1)?.activity === 'inspectDataset'));
      expect(await update(handle, controls.pause)).toBe(
        'The run pauses as soon as inspect has come to its end.',
      );
      expect(await stateOf(handle)).toBe('running');
      release();
      await eventually(async () => (await stateOf(handle)) === 'paused');
      expect(calls.at(-1)?.activity).toBe('inspectDataset');
      await update(handle, controls.resume);
      await handle.result();
    });
  });

  it.each([
    ['within a stage', 1, ['1 from initial', '2 from checkpoints/1', '3 from checkpoints/2']],
    [
      'of a stage’s last epoch',
      2,
      ['1 from initial', '2 from checkpoints/1', '3 from checkpoints/2'],
    ],
  ])('at the very end %s keeps the epoch that ends all the same', async (_, epoch, starts) => {
    const inputs: TrainEpochInput[] = [];
    let isHeld = false;
    const { activities } = fakeActivities({
      trainEpoch: async (input) => {
        inputs.push(input);
        isHeld = input.epoch === epoch;
        // It hears of the pause when all its steps are done, and ends in good order.
        if (isHeld) await heldUntilCancelled();
        return epochOutput(input);
      },
    });
    await withWorkers(environment, activities, async () => {
      const handle = await startPipeline(environment, request, `paused-at-the-end-of-${epoch}`);
      await eventually(() => Promise.resolve(isHeld));
      expect(await update(handle, controls.pause)).toBe(
        `Paused. Last checkpoint: epoch ${epoch} after 10 of its steps (checkpoints/${epoch}).`,
      );
      expect(inputs).toHaveLength(epoch);
      expect((await statusOf(handle)).epochs.done).toBe(epoch);
      await update(handle, controls.resume);
      await handle.result();
      expect(inputs.map(startedAt)).toEqual(starts);
    });
  });

  it('works by signal alone, and a signal that cannot be obeyed leaves a note', async () => {
    await standing('signalled-run', [1, 6], async ({ handle, epochs }) => {
      await handle.signal(controls.resume);
      await handle.signal(controls.pause);
      await handle.signal(controls.pause);
      await eventually(async () => (await stateOf(handle)) === 'paused');
      epochs.goOn();
      await handle.signal(controls.resume);
      await handle.result();
      expect(epochs.taken).toEqual(stepsOf(1, 2, 3));
      expect((await statusOf(handle)).notes).toEqual([
        'The signal "resume" was ignored. The run is not paused.',
        'The signal "pause" was ignored. The run is paused already.',
      ]);
      expect(await handle.query('__temporal_workflow_metadata')).toMatchObject({
        currentDetails: expect.stringContaining('- The signal "resume" was ignored.'),
      });
    });
  });

  it('ends as cancelled when it is cancelled, and names its last checkpoint', async () => {
    await standing('cancelled-in-pause', [2, 5], async ({ handle }) => {
      await update(handle, controls.pause);
      await handle.cancel();
      expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
      const { state, lastCheckpoint } = await statusOf(handle);
      expect([state, lastCheckpoint?.manifestKey]).toEqual(['cancelled', 'checkpoints/2-4']);
    });
  });
});

describe('cancel', () => {
  it('saves the epoch within, and the run ends as cancelled and names the checkpoint', async () => {
    await standing('cancelled-in-training', [2, 8], async ({ handle, epochs }) => {
      await handle.cancel();
      expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
      expect(epochs.taken.at(-1)).toBe('2:7');
      const { state, lastCheckpoint } = await statusOf(handle);
      expect([state, lastCheckpoint?.manifestKey]).toEqual(['cancelled', 'checkpoints/2-7']);
      expect(await handle.query('__temporal_workflow_metadata')).toMatchObject({
        currentDetails: expect.stringMatching(/\*\*cancelled\*\*[^]*epoch 2 after 7 of its steps/),
      });
      const stage = environment.client.workflow.getHandle('cancelled-in-training-heads');
      expect((await stage.describe()).status.name).toBe('CANCELLED');
    });
  });
});

describe('stopping early', () => {
  it('ends the training after the epoch under way, and evaluates it', async () => {
    await standing('stopped-run', [1, 5], async ({ handle, epochs, inputsOf }) => {
      expect(await update(handle, controls.stopEarly)).toBe(
        'The training ends after the epoch under way; the evaluation comes next.',
      );
      epochs.goOn();
      await handle.result();
      expect(epochs.taken).toEqual(stepsOf(1));
      const checkpoint = { manifestKey: 'checkpoints/1' };
      expect(inputsOf('evaluateModel')).toMatchObject([{ checkpoint }]);
      // It is not what its input says: the next run with that input must not take it for its own.
      expect(inputsOf('publishModel')).toMatchObject([{ checkpoint }]);
      expect(inputsOf('recordOutcome')).toEqual([]);
      const status = await statusOf(handle);
      expect(status.stoppedEarly).toEqual([
        { stage: 'heads', epochs: 1, planned: 2, bestEpoch: 1, reason: 'asked' },
        { stage: 'all', epochs: 0, planned: 1, bestEpoch: 1, reason: 'asked' },
      ]);
      expect(status.epochs).toEqual({ done: 1, total: 1 });
    });
  });

  it('at once gives up the epoch under way, and goes on from the newest finished one', async () => {
    await standing('stopped-now', [3, 5], async ({ handle, inputsOf }) => {
      expect(await update(handle, controls.stopEarly, { now: true })).toBe(
        'The training ends now, with the newest finished epoch; the evaluation comes next.',
      );
      await handle.result();
      expect(inputsOf('evaluateModel')).toMatchObject([{ checkpoint: { epoch: 2 } }]);
      expect((await statusOf(handle)).stoppedEarly).toEqual([
        { stage: 'all', epochs: 0, planned: 1, bestEpoch: 2, reason: 'asked' },
      ]);
    });
  });

  it('of one stage goes on with the next, from its finished epoch', async () => {
    await standing('stopped-stage', [2, 3], async ({ handle, epochs }) => {
      expect(await update(handle, controls.stopEarly, { stage: 'heads', now: true })).toBe(
        'The stage heads ends now, with the newest finished epoch; the next stage goes on from there.',
      );
      await handle.result();
      expect(epochs.inputs.map(startedAt)).toEqual([
        '1 from initial',
        '2 from checkpoints/1',
        // The numbers of later epochs stay, and with them their randomness.
        '3 from checkpoints/1',
      ]);
    });
  });

  it('during a pause waits with what follows until the run is resumed', async () => {
    await standing('stopped-in-pause', [2, 3], async ({ handle, inputsOf }) => {
      await update(handle, controls.pause);
      expect(await update(handle, controls.stopEarly, { now: true })).toContain('still paused');
      await eventually(async () => (await statusOf(handle)).stoppedEarly.length > 0);
      expect(await stateOf(handle)).toBe('paused');
      expect(inputsOf('evaluateModel')).toEqual([]);
      await update(handle, controls.resume);
      await handle.result();
      expect(inputsOf('evaluateModel')).toMatchObject([{ checkpoint: { epoch: 1 } }]);
    });
  });

  it('is refused with a reason', async () => {
    await standing('not-stopped', [1, 5], async ({ handle, epochs }) => {
      const stop = (input: unknown) => refusal(handle, controls.stopEarly, input);
      expect(await stop({ now: true })).toMatch(/^No epoch is finished yet.*Without "now"/);
      expect(await stop({ stage: 'head' })).toBe(
        'There is no stage "head": the run has heads, all.',
      );
      expect(await stop({ stage: 'all' })).toMatch(/has not begun/);
      expect(await stop({ at: 'once' })).toMatch(/The input of "stopEarly" is not valid: .*at/);
      epochs.goOn();
      await handle.result();
    });
  });
});

describe('extending', () => {
  it('in the last epoch of a stage adds epochs, and later ones move up', async () => {
    await standing('extended-run', [2, 9], async ({ handle, epochs, inputsOf }) => {
      expect(await update(handle, controls.extend, { epochs: 2 })).toBe(
        'The stage heads has 4 epochs now, 2 more.',
      );
      expect((await statusOf(handle)).epochs).toEqual({ done: 1, total: 5 });
      epochs.goOn();
      await handle.result();
      expect(epochs.taken).toEqual(stepsOf(1, 2, 3, 4, 5));
      expect(
        epochs.inputs.map(({ stage, epoch, stageFirstEpoch }) => [
          stage.name,
          epoch,
          stageFirstEpoch,
          // A cosine gets its new length from the next epoch that begins.
          stage.epochs,
        ]),
      ).toEqual([
        ['heads', 1, 1, 2],
        ['heads', 2, 1, 2],
        ['heads', 3, 1, 4],
        ['heads', 4, 1, 4],
        ['all', 5, 5, 1],
      ]);
      expect(inputsOf('publishModel')).toHaveLength(1);
      expect(inputsOf('recordOutcome')).toEqual([]);
    });
  });

  it('is not lost when it comes as the stage ends', async () => {
    const epochs = new SteppingEpochs();
    epochs.standAt(2, 10);
    const { activities } = fakeActivities({ trainEpoch: epochs.trainEpoch });
    const workers = await startWorkers(environment, activities, { pipeline: false });
    try {
      const handle = await withPipelineWorker(environment, async () => {
        const begun = await startPipeline(environment, request, 'extended-at-the-end');
        await epochs.untilStanding();
        return begun;
      });
      // Nobody decides anything while the stage's last epoch ends and the request comes in.
      epochs.goOn();
      await eventually(async () => {
        const stage = environment.client.workflow.getHandle('extended-at-the-end-heads');
        return (await stage.describe()).raw.pendingActivities?.length === 0;
      });
      await handle.signal(controls.extend, { epochs: 1 });
      await withPipelineWorker(environment, async () => {
        await handle.result();
        expect((await statusOf(handle)).epochs).toEqual({ done: 4, total: 4 });
      });
      expect(epochs.taken).toEqual(stepsOf(1, 2, 3, 4));
    } finally {
      await workers.stop();
    }
  });

  it('during a pause is kept, and so is a stage that has not begun', async () => {
    await standing('extended-in-pause', [2, 9], async ({ handle, epochs }) => {
      await update(handle, controls.pause);
      expect(await update(handle, controls.extend, { epochs: 1, stage: 'all' })).toBe(
        'The stage all has 2 epochs now, 1 more. The run is still paused.',
      );
      await update(handle, controls.extend, { epochs: 1 });
      expect(await stateOf(handle)).toBe('paused');
      epochs.goOn();
      await update(handle, controls.resume);
      await handle.result();
      expect(epochs.taken).toEqual(stepsOf(1, 2, 3, 4, 5));
    });
  });

  it('is refused with a reason', async () => {
    await standing('not-extended', [3, 2], async ({ handle, epochs }) => {
      const extend = (input: unknown) => refusal(handle, controls.extend, input);
      expect(await extend({ epochs: 1, stage: 'heads' })).toBe('The stage heads is over.');
      expect(await extend({ epochs: 0 })).toMatch(/epochs: .*got 0/);
      expect(await extend(undefined)).toMatch(/is required/);
      await update(handle, controls.stopEarly);
      expect(await extend({ epochs: 1 })).toMatch(/told to end early/);
      epochs.goOn();
      await handle.result();
    });
  });
});

it('says on each control what it does, for the Temporal UI', async () => {
  await standing('described-run', [1, 1], async ({ handle, epochs }) => {
    const metadata = await handle.query<{
      definition: Record<'signalDefinitions' | 'updateDefinitions', Definition[]>;
    }>('__temporal_workflow_metadata');
    for (const kind of ['signalDefinitions', 'updateDefinitions'] as const) {
      const described = metadata.definition[kind].filter(({ description }) => description !== '');
      expect(described.map(({ name }) => name)).toEqual(
        expect.arrayContaining(Object.values(controls)),
      );
    }
    epochs.goOn();
    await handle.result();
  });
});

interface Definition {
  readonly name: string;
  readonly description: string;
}

/** Beats until the activity is cancelled. */
async function heldUntilCancelled(): Promise<void> {
  const context = Context.current();
  while (!context.cancellationSignal.aborted) {
    context.heartbeat();
    await sleep(20);
  }
}
