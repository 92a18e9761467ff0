/** What Temporal's own server offers an operator: pausing and resetting an activity that runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, Scene } from './fault.ts';

const PAUSED_MS = 6_000;

/** Names the epoch that is trained now. */
const target = ({ plant, runId, stage }: Scene) => ({
  namespace: plant.client.options.namespace,
  execution: { workflowId: `${runId}-${stage ?? ''}` },
  type: 'trainEpoch',
  identity: 'chaos',
});

export const controls = {
  'activity paused by the server': {
    places: ['train heads', 'train all'],
    mayCost: 'nothing',
    inject: async (scene) => {
      const { workflowService } = scene.plant.client;
      await workflowService.pauseActivity({ ...target(scene), reason: 'chaos' });
      return async () => {
        await sleep(PAUSED_MS);
        await workflowService.unpauseActivity(target(scene));
      };
    },
  },
  'activity reset by the server': {
    places: ['train heads', 'train all'],
    mayCost: 'nothing',
    inject: async (scene) => {
      await scene.plant.client.workflowService.resetActivity(target(scene));
      return () => Promise.resolve();
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;
