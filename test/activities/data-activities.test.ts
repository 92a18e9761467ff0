/** The data steps for real, inside a run: synthetic archives, an S3 server, Temporal. Only training is a fake. */
import { truncateSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDataActivities } from '../../activities/create-data-activities.ts';
import type { EvaluateModelInput, TrainEpochInput } from '../../contracts/activities.ts';
import type { PipelineRequest } from '../../contracts/pipeline-input.ts';
import { writeSyntheticArchives } from '../../datasets/synthetic-archive.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import {
  startTemporal,
  startWorkers,
  type RunningWorkers,
  type TestTemporalServer,
} from '../workflows/support/environment.ts';
import {
  fakeActivities,
  promotion,
  request as fakeRequest,
} from '../workflows/support/fake-activities.ts';
import { failureOf, startPipeline, statusOf } from '../workflows/support/runs.ts';

const testStore = withTestStore();
let environment: TestTemporalServer;
let workers: RunningWorkers;
let folder: { path: string; remove(): Promise<void> };
const training = fakeActivities();

beforeAll(async () => {
  folder = await temporaryFolder();
  environment = await startTemporal();
  const data = createDataActivities({
    store: testStore().store,
    searchAttributes: () => Promise.resolve([]),
  });
  workers = await startWorkers(environment, {
    ...training.activities,
    ...data,
    ...promotion,
  });
});
afterAll(async () => {
  await workers.stop();
  await environment.teardown();
  await folder.remove();
});

const archives = (count: number) =>
  writeSyntheticArchives({ folder: `${folder.path}/${count}`, count, size: 80, seed: 1 });

const requestFor = ({ images, masks }: { images: string; masks: string }): PipelineRequest => ({
  ...fakeRequest,
  dataset: {
    name: 'synthetic',
    images: pathToFileURL(images).href,
    masks: pathToFileURL(masks).href,
  },
  model: { imageMinDim: 64, imageMaxDim: 64 },
});

async function historyOf(workflowId: string) {
  const { events } = await environment.client.workflow.getHandle(workflowId).fetchHistory();
  return { events: events?.length ?? 0, characters: JSON.stringify(events).length };
}

describe('the data steps in a run', () => {
  it('bring archives to records that training is given', async () => {
    const run = await startPipeline(environment, requestFor(await archives(10)), 'ten-pictures');
    await run.result();
    const { steps } = await statusOf(run);
    expect(Object.fromEntries(steps.map(({ step, summary }) => [step, summary]))).toMatchObject({
      'unpack-images': '10 files',
      'unpack-masks': '10 files',
      inspect: '10 pairs, 0 quarantined',
      split: '8 for training, 2 for validation',
      records: '10 records at 64 px',
    });
    const epoch = training.calls.find(({ activity }) => activity === 'trainEpoch')
      ?.input as TrainEpochInput;
    expect(await testStore().store.head(epoch.records.manifestKey)).toBeDefined();
    expect(await testStore().store.head(epoch.split.key)).toBeDefined();
    const { dataset } = training.calls.find(({ activity }) => activity === 'evaluateModel')
      ?.input as EvaluateModelInput;
    expect(dataset.pairs).toBe(10);
  });

  it('leave a history that does not grow with the number of pictures', async () => {
    const run = await startPipeline(environment, requestFor(await archives(40)), 'forty-pictures');
    await run.result();
    const [ten, forty] = [await historyOf('ten-pictures'), await historyOf('forty-pictures')];
    expect(Math.abs(forty.events - ten.events)).toBeLessThan(10);
    expect(forty.characters / ten.characters).toBeLessThan(1.1);
  });

  it('end a run with the reason when an archive is cut off', async () => {
    const paths = await archives(11);
    truncateSync(paths.masks, 500);
    const run = await startPipeline(environment, requestFor(paths), 'cut-off');
    const failure = await failureOf(run);
    expect(failure).toMatchObject({ type: 'not-a-zip', nonRetryable: true });
    expect(failure?.message).toMatch(/^fetchArchive: /);
    expect((await statusOf(run)).steps.find(({ step }) => step === 'fetch-masks')?.state).toBe(
      'failed',
    );
  });
});
