/** Trouble with bytes at rest: no room for new ones, and old ones that are not what they were. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fillDisk } from '../limited-disk.ts';
import { signalTo } from '../processes.ts';
import { damageNewestCheckpoint } from './damage.ts';
import type { Fault } from './fault.ts';
import { untilThere } from './until-there.ts';

const FULL_MS = 12_000;

export const diskTroubles = {
  /** Where the trainer writes checkpoints before they are sent. */
  'disk full': {
    places: ['train heads', 'train all', 'checkpoint upload', 'validate', 'evaluate', 'publish'],
    mayCost: 'interval',
    inject: ({ plant }) => {
      const free = fillDisk(plant.parts.gpu.pid, plant.taskFolder);
      return Promise.resolve(async () => {
        await sleep(FULL_MS);
        free();
      });
    },
  },
  'newest checkpoint damaged': {
    places: ['between stages', 'train all', 'validate'],
    mayCost: 'epoch',
    inject: async ({ plant, runId, untilFurther }) => {
      signalTo(await untilThere(() => plant.trainer()), 'SIGKILL');
      const mend = damageNewestCheckpoint(plant.objectFolder, runId);
      return async () => {
        await untilFurther();
        mend();
      };
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;
