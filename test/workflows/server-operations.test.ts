/** The server's own pause, unpause and reset of an activity, as from the Temporal UI or `temporal activity …`. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTemporal, withWorkers, type TestTemporalServer } from './support/environment.ts';
import { fakeActivities, request } from './support/fake-activities.ts';
import { eventually, startPipeline } from './support/runs.ts';
import { SteppingEpochs, stepsOf } from './support/stepping-epochs.ts';

let environment: TestTemporalServer;

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});

/** A run whose epoch 2 stands before step 5, and the epoch's activity for the server's own calls. */
async function standing(
  name: string,
  work: (
    epochs: SteppingEpochs,
    target: Parameters<Service['pauseActivity']>[0] & Parameters<Service['resetActivity']>[0],
  ) => Promise<void>,
): Promise<SteppingEpochs> {
  const epochs = new SteppingEpochs();
  epochs.standAt(2, 5);
  const { activities } = fakeActivities({ trainEpoch: epochs.trainEpoch });
  await withWorkers(environment, activities, async () => {
    const run = await startPipeline(environment, request, name);
    await epochs.untilStanding();
    const execution = { workflowId: `${name}-heads` };
    const { namespace } = environment;
    await work(epochs, { namespace, execution, type: 'trainEpoch' });
    await run.result();
  });
  return epochs;
}

type Service = TestTemporalServer['client']['workflowService'];

const service = () => environment.client.workflowService;

async function pendingEpoch(name: string) {
  const handle = environment.client.workflow.getHandle(`${name}-heads`);
  return (await handle.describe()).raw.pendingActivities?.[0];
}

it('pause saves the epoch within and unpause goes on from there', async () => {
  const epochs = await standing('server-paused', async (stepping, target) => {
    await service().pauseActivity(target);
    await eventually(async () => {
      const pending = await pendingEpoch('server-paused');
      return pending?.paused === true && Number(pending.state) !== STARTED && !stepping.isStanding;
    });
    stepping.goOn();
    await service().unpauseActivity(target);
  });
  expect(epochs.taken).toEqual(stepsOf(1, 2, 3));
});

it('reset gives the epoch a new count of attempts, and it goes on from its last heartbeat', async () => {
  const epochs = await standing('server-reset', async (stepping, target) => {
    await service().resetActivity(target);
    await eventually(() => Promise.resolve(!stepping.isStanding || stepping.inputs.length > 2));
    stepping.goOn();
  });
  expect(epochs.taken).toEqual(stepsOf(1, 2, 3));
  // The epoch was one activity all along: the workflow heard of nothing.
  const { events } = await environment.client.workflow
    .getHandle('server-reset-heads')
    .fetchHistory();
  const scheduled = (events ?? []).flatMap((event) => {
    const type = event.activityTaskScheduledEventAttributes?.activityType?.name;
    return type === 'trainEpoch' ? [type] : [];
  });
  expect(scheduled).toHaveLength(2);
});

/** `PENDING_ACTIVITY_STATE_STARTED`. */
const STARTED = 2;
