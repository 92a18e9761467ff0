/**
 * What operators do to a run under way: LesionFlow's own pause, and what Temporal's server offers for an activity.
 * Each is to end in a saved checkpoint, from which the epoch goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { controls as messages } from '../../contracts/control.ts';
import type { PlaceName } from '../places.ts';
import { workflowsOf } from '../workflows-of.ts';
import type { Fault, Scene } from './fault.ts';

const PAUSED_MS = 6_000;
const TRAINING: readonly PlaceName[] = ['train heads', 'train all'];

/** Names the epoch that is trained now. */
async function epochOf({ plant, runId }: Scene) {
  const { client } = plant;
  const running = await workflowsOf(client, runId, { running: true });
  const workflowId = running.find((id) => id !== runId) ?? runId;
  return {
    namespace: client.options.namespace,
    execution: { workflowId },
    type: 'trainEpoch',
    identity: 'chaos',
  };
}

export const controls = {
  'pause and resume': {
    places: TRAINING,
    mayCost: 'nothing',
    inject: async ({ plant, runId, untilState }) => {
      const handle = plant.client.workflow.getHandle(runId);
      await handle.signal(messages.pause);
      return async () => {
        await untilState('paused');
        await sleep(PAUSED_MS);
        await handle.signal(messages.resume);
      };
    },
  },
  'activity paused by the server': {
    places: TRAINING,
    mayCost: 'nothing',
    inject: async (scene) => {
      const { workflowService } = scene.plant.client;
      const epoch = await epochOf(scene);
      await workflowService.pauseActivity({ ...epoch, reason: 'chaos' });
      return async () => {
        await sleep(PAUSED_MS);
        await workflowService.unpauseActivity(epoch);
      };
    },
  },
  'activity reset by the server': {
    places: TRAINING,
    mayCost: 'nothing',
    inject: async (scene) => {
      await scene.plant.client.workflowService.resetActivity(await epochOf(scene));
      return () => Promise.resolve();
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;
