/** Two builds of the workflows side by side on a real server: a run stays with the build that it began on. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Worker } from '@temporalio/worker';
import { taskQueues } from '../../contracts/task-queues.ts';
import { DEPLOYMENT, workflowVersion } from '../../workers/versioning.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import {
  startTemporal,
  withWorkers,
  type TestTemporalServer,
} from '../workflows/support/environment.ts';
import { fakeActivities, request } from '../workflows/support/fake-activities.ts';
import { eventually, startPipeline } from '../workflows/support/runs.ts';
import { SteppingEpochs, stepsOf } from '../workflows/support/stepping-epochs.ts';

let environment: TestTemporalServer;

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});

/** Does `work` while a worker of that build decides for the workflows. */
async function withBuild<T>(buildId: string, work: () => Promise<T>): Promise<T> {
  const worker = await Worker.create({
    ...workflowVersion({ LESIONFLOW_BUILD_ID: buildId }),
    connection: environment.nativeConnection,
    taskQueue: taskQueues.pipeline,
    workflowBundle: await workflowBundle(),
  });
  return worker.runUntil(work);
}

/** As `temporal worker deployment set-current-version` does; once the server has seen the build. */
async function makeCurrent(buildId: string): Promise<void> {
  const { client, namespace } = environment;
  await eventually(async () => {
    try {
      await client.workflowService.setWorkerDeploymentCurrentVersion({
        ...{ namespace, buildId, deploymentName: DEPLOYMENT, identity: 'test' },
      });
      return true;
    } catch {
      return false;
    }
  });
}

/** The builds that decided for a workflow. */
async function buildsOf(workflowId: string): Promise<string[]> {
  const { events } = await environment.client.workflow.getHandle(workflowId).fetchHistory();
  const builds = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: decided }) =>
    decided ? [decided.deploymentVersion?.buildId ?? 'unversioned'] : [],
  );
  return [...new Set(builds)];
}

it('a run ends on the build that it began on, the next one begins on the new build', async () => {
  const epochs = new SteppingEpochs();
  epochs.standAt(1, 5);
  const { activities } = fakeActivities({ trainEpoch: epochs.trainEpoch });
  // Activities have no version: both builds' runs find the same workers.
  await withWorkers(
    environment,
    activities,
    () =>
      withBuild('build-1', async () => {
        await makeCurrent('build-1');
        const old = await startPipeline(environment, request, 'old-run');
        await epochs.untilStanding();
        await withBuild('build-2', async () => {
          await makeCurrent('build-2');
          epochs.goOn();
          await old.result();
          await (await startPipeline(environment, request, 'new-run')).result();
        });
      }),
    { pipeline: false },
  );
  expect(epochs.taken).toEqual([...stepsOf(1, 2, 3), ...stepsOf(1, 2, 3)]);
  // The stage "all" began after the other build had become current.
  for (const part of ['', '-heads', '-all']) {
    expect(await buildsOf(`old-run${part}`)).toEqual(['build-1']);
    expect(await buildsOf(`new-run${part}`)).toEqual(['build-2']);
  }
});

it('there is no version without a build', () => {
  expect(workflowVersion({})).toEqual({});
  expect(workflowVersion({ LESIONFLOW_BUILD_ID: '' })).toEqual({});
});
