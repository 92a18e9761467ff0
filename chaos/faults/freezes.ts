/**
 * Processes that stand still for longer than their heartbeat timeout (a suspended virtual machine, swapping, a
 * debugger) and then go on as if nothing had been: by then another attempt has their work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { placeNames, places } from '../places.ts';
import type { Plant, WorkerRole } from '../plant.ts';
import { isAlive, signalTo } from '../processes.ts';
import type { Fault, Scene } from './fault.ts';
import { untilThere } from './until-there.ts';

const GPU_PLACES = placeNames.filter((name) => places[name].worker === 'gpu');
const DATA_PLACES = placeNames.filter((name) => places[name].worker === 'data');

/** So long a woken worker may do what it still wants to do, in ms: it must change nothing. */
const AWAKE_MS = 5_000;

/** Stops `pids`, lets a second worker take over, wakes them, and lets the second one stay. */
function takeOver(
  { plant, untilFurther, heartbeatSeconds }: Scene,
  role: WorkerRole,
  pids: readonly number[],
): Promise<() => Promise<void>> {
  for (const pid of pids) signalTo(pid, 'SIGSTOP');
  return Promise.resolve(async () => {
    const second = await plant.startWorker(role);
    // Past the timeout, and until the other attempt is further than the stale one was.
    await sleep(heartbeatSeconds * 1_000);
    await untilFurther();
    const stale = plant.parts[role].replaceBy(second);
    for (const pid of pids) signalTo(pid, 'SIGCONT');
    await sleep(AWAKE_MS);
    await stale.stop();
  });
}

const withTrainer = (plant: Plant): number[] => {
  const trainer = plant.trainer();
  return [plant.parts.gpu.pid, ...(trainer === undefined ? [] : [trainer])];
};

export const freezes = {
  /** Its trainer goes on, and uploads what nobody waits for. */
  'SIGSTOP of GPU worker': {
    places: GPU_PLACES,
    mayCost: 'interval',
    inject: (scene) => takeOver(scene, 'gpu', [scene.plant.parts.gpu.pid]),
  },
  'SIGSTOP of GPU worker and trainer': {
    places: GPU_PLACES,
    mayCost: 'interval',
    inject: (scene) => takeOver(scene, 'gpu', withTrainer(scene.plant)),
  },
  'SIGSTOP of data worker': {
    places: DATA_PLACES,
    mayCost: 'nothing',
    inject: (scene) => takeOver(scene, 'data', [scene.plant.parts.data.pid]),
  },
  /** Its worker is to notice. */
  'SIGSTOP of trainer': {
    places: GPU_PLACES,
    mayCost: 'interval',
    inject: async ({ plant, untilFurther }) => {
      const pid = await untilThere(() => plant.trainer());
      signalTo(pid, 'SIGSTOP');
      return async () => {
        await untilFurther();
        if (isAlive(pid)) signalTo(pid, 'SIGCONT');
      };
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;
