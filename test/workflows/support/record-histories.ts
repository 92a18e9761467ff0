/**
 * Records the histories that replay.test.ts replays, of a run in each way that it can go:
 * `npx tsx test/workflows/support/record-histories.ts [NAME …] && npx prettier --write test/workflows/histories`
 * (all runs without names).
 * Run it only when a change of workflow code is meant to break runs in flight, or a new kind of run is added;
 * a change that shall not break them keeps the files.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { ApplicationFailure } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type {
  DataActivities,
  TrainEpochInput,
  TrainingActivities,
} from '../../../contracts/activities.ts';
import { controls } from '../../../contracts/control.ts';
import { startTemporal, startWorkers, withWorkers } from './environment.ts';
import {
  checkpointOf,
  epochOutput,
  fakeActivities,
  request,
  stoppingOutput,
  stoppingRequest,
} from './fake-activities.ts';
import { startPipeline, untilAsked } from './runs.ts';
import { SteppingEpochs } from './stepping-epochs.ts';

const FOLDER = new URL('../histories/', import.meta.url);

/** One stage of two epochs: histories are read by people too. */
const short = {
  ...request,
  training: { ...request.training, stages: [request.training.stages[0]] },
};

interface Recording {
  readonly input?: unknown;
  readonly activities?: Partial<DataActivities & TrainingActivities>;
  /** What happens while it runs. */
  readonly meanwhile?: (run: WorkflowHandle) => Promise<unknown>;
  /** Whose histories are kept: the pipeline's, and the stages' of these names. */
  readonly keep: readonly ('pipeline' | 'heads')[];
}

const epochs = new SteppingEpochs();
const { trainEpoch } = epochs;

/** Epochs that stop before step 5 of epoch 2, where `then` is done with the run. */
const atStep5 = (then: (run: WorkflowHandle) => Promise<unknown>): Recording => {
  return {
    input: short,
    activities: { trainEpoch },
    meanwhile: async (run) => {
      await epochs.untilStanding();
      await then(run);
      epochs.goOn();
    },
    keep: ['pipeline', 'heads'],
  };
};

const ask = (run: WorkflowHandle, control: string, input?: unknown) =>
  run.executeUpdate<string, [unknown]>(control, { args: [input] });

/** Fails the first time, so that the history has a failure that did not end it. */
const once = <T>(failure: ApplicationFailure, answer: T): (() => Promise<T>) => {
  let tries = 0;
  return () => (++tries === 1 ? Promise.reject(failure) : Promise.resolve(answer));
};

const isFirst = ({ epoch, start }: TrainEpochInput): boolean =>
  epoch === 2 && start.kind === 'checkpoint' && start.checkpoint.epoch === 1;

const damaged = (checkpoint: unknown) =>
  ApplicationFailure.nonRetryable('cut off', 'checkpoint-damaged', { checkpoint });

const evaluation = await fakeActivities().activities.evaluateModel({} as never);

const recordings: Readonly<Record<string, Recording>> = {
  'completed-run': {
    activities: {
      evaluateModel: once(
        ApplicationFailure.retryable('the trainer died', 'trainer-died'),
        evaluation,
      ),
    },
    keep: ['pipeline', 'heads'],
  },
  'failed-run': {
    activities: {
      inspectDataset: () =>
        Promise.reject(ApplicationFailure.nonRetryable('all bad', 'too-many-quarantined')),
    },
    keep: ['pipeline'],
  },
  'no-change-run': {
    activities: {
      findOutcome: () =>
        Promise.resolve({
          key: 'outcomes/1.json',
          earlier: {
            runId: 'an-earlier-run',
            outcome: 'trained',
            evaluation,
            version: { model: 'lesion', version: 1, manifestKey: 'v.json', hash: 'a'.repeat(64) },
            alias: {
              ...{ name: 'champion', moved: true, reason: 'there was no champion' },
              by: null,
            },
          },
        }),
    },
    keep: ['pipeline'],
  },
  'stopped-early-run': {
    input: stoppingRequest,
    activities: { trainEpoch: (input) => Promise.resolve(stoppingOutput(input)) },
    keep: ['pipeline', 'heads'],
  },
  'paused-run': atStep5(async (run) => {
    await run.signal(controls.resume);
    await ask(run, controls.pause);
    epochs.goOn();
    await ask(run, controls.resume);
  }),
  'extended-run': atStep5((run) => ask(run, controls.extend, { epochs: 1 })),
  'stopped-by-hand-run': atStep5((run) => ask(run, controls.stopEarly, { now: true })),
  'cancelled-run': atStep5(async (run) => {
    await run.cancel();
    await run.result().catch(() => undefined);
  }),
  'approved-run': {
    input: { ...short, publish: { approval: { hours: 1 } } },
    meanwhile: async (run) => {
      await untilAsked(run);
      await ask(run, controls.approve, { by: 'Ada', reason: 'fine outlines' });
    },
    keep: ['pipeline'],
  },
  'unanswered-run': {
    input: { ...short, publish: { approval: { hours: 1e-4 } } },
    keep: ['pipeline'],
  },
  'run-on-a-plain-server': {
    input: short,
    activities: { listSearchAttributes: () => Promise.resolve([]) },
    keep: ['pipeline'],
  },
  'out-of-attempts-run': {
    input: short,
    activities: {
      trainEpoch: (input) => {
        if (!isFirst(input)) return Promise.resolve(epochOutput(input));
        const details = [{ checkpoints: [checkpointOf(input, 7)] }];
        throw ApplicationFailure.create({ message: 'died', details, nextRetryDelay: 1 });
      },
    },
    keep: ['heads'],
  },
  'damaged-run': {
    input: short,
    activities: {
      trainEpoch: (() => {
        let isMended = false;
        return (input: TrainEpochInput) => {
          if (input.epoch === 1 || isMended) return Promise.resolve(epochOutput(input));
          isMended = true;
          throw damaged(checkpointOf({ ...input, epoch: 1 }));
        };
      })(),
    },
    keep: ['heads'],
  },
  'damaged-at-the-end-run': {
    input: short,
    activities: {
      evaluateModel: once(
        damaged(checkpointOf({ stage: { name: 'heads' } as TrainEpochInput['stage'], epoch: 2 })),
        evaluation,
      ),
    },
    keep: ['pipeline'],
  },
};

const environment = await startTemporal();
const wanted = process.argv.slice(2);
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);

async function save(workflowId: string): Promise<void> {
  const history = await environment.client.workflow.getHandle(workflowId).fetchHistory();
  writeFileSync(new URL(`${workflowId}.json`, FOLDER), historyToJSON(history));
}

mkdirSync(FOLDER, { recursive: true });
for (const [name, recording] of Object.entries(recordings)) {
  if (!isWanted(name)) continue;
  const { input = request, activities = {}, meanwhile, keep } = recording;
  epochs.standAt(2, 5);
  await withWorkers(environment, fakeActivities(activities).activities, async () => {
    const run = await startPipeline(environment, input, name);
    await meanwhile?.(run);
    await run.result().catch(() => undefined);
  });
  for (const part of keep) await save(part === 'pipeline' ? name : `${name}-${part}`);
}

if (isWanted('handed-over-run')) {
  const { activities } = fakeActivities({ trainEpoch });
  const onlyGpu = { pipeline: false, data: false };
  epochs.standAt(2, 5);
  await withWorkers(
    environment,
    activities,
    async () => {
      const leaving = await startWorkers(environment, activities, onlyGpu);
      const run = await startPipeline(environment, short, 'handed-over-run');
      await epochs.untilStanding();
      await leaving.stop();
      epochs.goOn();
      await withWorkers(environment, activities, () => run.result(), onlyGpu);
    },
    { gpu: false },
  );
  await save('handed-over-run-heads');
}
await environment.teardown();
