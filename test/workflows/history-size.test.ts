/**
 * A run's history holds references, so it does not grow with the number of pictures: real data steps, a real store,
 * a real server; only training is a fake. `npm run scale` does the same with 30,000 pairs and prints the figures.
 */
import { mkdir } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDataActivities } from '../../activities/create-data-activities.ts';
import type { PipelineRequest } from '../../contracts/pipeline-input.ts';
import { writeManyPictures } from '../support/many-pictures.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import {
  startTemporal,
  startWorkers,
  type RunningWorkers,
  type TestTemporalServer,
} from './support/environment.ts';
import { fakeActivities, promotion, request as fakeRequest } from './support/fake-activities.ts';
import { measureHistory, type HistorySize } from './support/history-size.ts';
import { startPipeline, statusOf } from './support/runs.ts';

const testStore = withTestStore();
let environment: TestTemporalServer;
let workers: RunningWorkers;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  environment = await startTemporal();
  const data = createDataActivities({
    store: testStore().store,
    searchAttributes: () => Promise.resolve([]),
  });
  workers = await startWorkers(environment, {
    ...fakeActivities().activities,
    ...data,
    ...promotion,
  });
});
afterAll(async () => {
  await workers.stop();
  await environment.teardown();
  await folder.remove();
});

/** Runs the pipeline on so many pairs: the history of the run and of its stages. */
async function run(count: number): Promise<HistorySize> {
  const runId = `pairs-${String(count)}`;
  const archives = `${folder.path}/${runId}`;
  await mkdir(archives);
  const { images, masks } = await writeManyPictures({ folder: archives, count });
  const request: PipelineRequest = {
    ...fakeRequest,
    dataset: {
      name: runId,
      images: pathToFileURL(images).href,
      masks: pathToFileURL(masks).href,
    },
    model: { imageMinDim: 64, imageMaxDim: 64 },
  };
  const handle = await startPipeline(environment, request, runId);
  await handle.result();
  const { steps } = await statusOf(handle);
  expect(steps.find(({ step }) => step === 'records')?.summary).toContain(
    `${String(count)} records`,
  );
  const stages = fakeRequest.training.stages.map(({ name }) => `${runId}-${name}`);
  return measureHistory(environment.client, [runId, ...stages]);
}

describe('the history of a run', () => {
  it('has as many events for ten times the pictures, and payloads of the same few kilobytes', async () => {
    const few = await run(12);
    const many = await run(120);
    // Progress and the pace of a machine decide how workflow tasks are cut, not the pictures.
    expect(Math.abs(many.events - few.events)).toBeLessThan(15);
    expect(many.largestPayload / few.largestPayload).toBeLessThan(1.05);
    expect(many.largestPayload).toBeLessThan(16_000);
  });

  const scale = Number(process.env['LESIONFLOW_SCALE'] ?? 0);
  const atScale = scale > 0 ? it : it.skip;
  atScale(
    `stays below 2,000 events for ${String(scale)} pairs`,
    async () => {
      const size = await run(scale);
      const gigabytes = (process.resourceUsage().maxRSS / 1e6).toFixed(2);
      process.stdout.write(
        `${String(scale)} pairs: ${String(size.events)} events, largest payload ` +
          `${String(size.largestPayload)} bytes, ${String(size.payloadBytes)} bytes in all; ` +
          `peak memory of all workers in one process ${gigabytes} GB\n`,
      );
      for (const { activity, seconds } of size.activities) {
        if (seconds >= 0.5) process.stdout.write(`  ${activity}: ${seconds.toFixed(1)} s\n`);
      }
      expect(size.events).toBeLessThan(2000);
      expect(size.largestPayload).toBeLessThan(16_000);
    },
    60 * 60 * 1000,
  );
});
