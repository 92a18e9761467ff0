/**
 * Real training that is interrupted through a real Temporal server ends in the same bits. No checkpoint is due
 * within the epoch, so that only what is saved when it is told to stop can be gone on from.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import type { TrainEpochInput, TrainEpochOutput } from '../../contracts/activities.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { readCheckpoint } from '../../storage/checkpoints.ts';
import { TrainerHost } from '../../trainer/host.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { finished } from '../trainer/fixtures/epoch-task.ts';
import { firstEpoch, tinyDataset, type TinyDataset } from '../trainer/fixtures/tiny-dataset.ts';
import { startTemporal, type TestTemporalServer } from '../workflows/support/environment.ts';
import { eventually } from '../workflows/support/runs.ts';
import {
  outputOf,
  progressAt,
  requestFor,
  startEpochWorker,
  type EpochWorker,
} from './fixtures/epoch-worker.ts';

/** Enough for the server to be heard before they end: it answers to heartbeats, one a second. */
const STEPS = 160;

const testStore = withTestStore();
let environment: TestTemporalServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let data: TinyDataset;
let trainer: TrainerHost;
let worker: EpochWorker;
let undisturbed: Awaited<ReturnType<typeof bits>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  environment = await startTemporal();
  data = await tinyDataset(testStore().store, folder.path);
  trainer = new TrainerHost({
    environment: { ...testStore().environment, LESIONFLOW_CACHE: join(folder.path, 'cache') },
    onLog: () => undefined,
  });
  worker = await startEpochWorker(environment, trainer);
  undisturbed = await bits(await outputOf(await worker.start(epochOf('calm'), 'calm')));
});
afterAll(async () => {
  await worker.stop();
  await trainer.close();
  await environment.teardown();
  await folder.remove();
});

function epochOf(runId: string): TrainEpochInput {
  const first = firstEpoch(runId, data);
  return {
    ...first,
    config: maskRcnnConfigSchema.parse({ ...first.config, stepsPerEpoch: STEPS }),
    stage: { ...first.stage, layers: 'heads' },
  };
}

async function bits(output: TrainEpochOutput) {
  const { checkpoint, result } = finished(output);
  const { weights, optimizer, lossSums } = await readCheckpoint(testStore().store, checkpoint);
  const { training, validation } = result;
  const files = { weights: weights.sha256, optimizer: optimizer?.sha256 };
  return { ...files, lossSums, training, validation };
}

/** In the middle of its steps. */
async function underWay(input: TrainEpochInput): Promise<WorkflowHandle> {
  const handle = await worker.start(input, input.runId);
  await eventually(async () => ((await progressAt(handle))?.losses ?? null) !== null);
  return handle;
}

it("the server's own pause of the activity", async () => {
  const handle = await underWay(epochOf('paused'));
  const { workflowService } = environment.client;
  await workflowService.pauseActivity({ ...requestFor(environment, handle), reason: 'a test' });
  const saved = async () => (await progressAt(handle))?.checkpoints?.[0]?.stepInEpoch;
  await eventually(async () => (await saved()) !== undefined);
  expect(await saved()).toBeLessThan(STEPS);
  // A process that knows nothing of it goes on.
  await trainer.close();
  await workflowService.unpauseActivity(requestFor(environment, handle));
  const output = await outputOf(handle);
  expect(await bits(output)).toEqual(undisturbed);
  expect(finished(output).result.stepsRedone).toBeUndefined();
});

it('a worker that leaves', async () => {
  const input = epochOf('left');
  const handle = await underWay(input);
  await worker.restart();
  const { kind, checkpoint } = await outputOf(handle);
  expect(kind).toBe('interrupted');
  if (checkpoint === null) throw new Error('it has saved a checkpoint');
  expect(checkpoint.stepInEpoch).toBeLessThan(STEPS);
  const start = { kind: 'checkpoint', checkpoint } as const;
  const next = await worker.start({ ...input, start }, 'left-next');
  expect(await bits(await outputOf(next))).toEqual(undisturbed);
});
