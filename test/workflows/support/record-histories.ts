/**
 * Records the histories that replay.test.ts replays:
 * `npx tsx test/workflows/support/record-histories.ts [NAME …] && npx prettier --write test/workflows/histories`
 * (all histories without names).
 * Run it only when a change of workflow code is meant to break runs in flight, or a new kind of run is added;
 * a change that shall not break them keeps the files.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { ApplicationFailure } from '@temporalio/activity';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startTemporal, withWorkers } from './environment.ts';
import {
  epochOutput,
  fakeActivities,
  request,
  stoppingOutput,
  stoppingRequest,
} from './fake-activities.ts';
import { startPipeline } from './runs.ts';

const FOLDER = new URL('../histories/', import.meta.url);

const environment = await startTemporal();
const names = process.argv.slice(2);
const save = async (workflowId: string) => {
  if (names.length > 0 && !names.includes(workflowId)) return;
  const history = await environment.client.workflow.getHandle(workflowId).fetchHistory();
  writeFileSync(new URL(`${workflowId}.json`, FOLDER), historyToJSON(history));
};

mkdirSync(FOLDER, { recursive: true });
let tries = 0;
const { activities } = fakeActivities({
  // One retry, so that the history has a failure that did not end it.
  trainEpoch: (input) =>
    ++tries === 2
      ? Promise.reject(ApplicationFailure.retryable('the trainer died', 'trainer-died'))
      : Promise.resolve(epochOutput(input)),
});
await withWorkers(environment, activities, async () => {
  await (await startPipeline(environment, request, 'completed-run')).result();
  await save('completed-run');
  await save('completed-run-heads');
});

const stopping = fakeActivities({ trainEpoch: (input) => Promise.resolve(stoppingOutput(input)) });
await withWorkers(environment, stopping.activities, async () => {
  await (await startPipeline(environment, stoppingRequest, 'stopped-early-run')).result();
  await save('stopped-early-run');
  await save('stopped-early-run-heads');
});

const failing = fakeActivities({
  inspectDataset: () =>
    Promise.reject(ApplicationFailure.nonRetryable('all bad', 'too-many-quarantined')),
});
await withWorkers(environment, failing.activities, async () => {
  await (await startPipeline(environment, request, 'failed-run')).result().catch(() => undefined);
  await save('failed-run');
});
await environment.teardown();
