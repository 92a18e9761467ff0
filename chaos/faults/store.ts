/** The store, or the network before it, fails for a while in each of the proxy's ways. */
import { setTimeout as sleep } from 'node:timers/promises';
import { placeNames } from '../places.ts';
import type { StoreFault } from '../store-faults.ts';
import type { Fault } from './fault.ts';

/** From what the driver bridges by itself to what it gives up on, in ms. */
const SHORTEST_MS = 300;
const LONGEST_MS = 10_000;

const failing = (fault: StoreFault): Fault => ({
  places: placeNames,
  mayCost: 'interval',
  inject: ({ plant, random }) => {
    const milliseconds = SHORTEST_MS + random.below(LONGEST_MS - SHORTEST_MS);
    plant.proxy.setFault(fault);
    return Promise.resolve(async () => {
      await sleep(milliseconds);
      plant.proxy.setFault(undefined);
    });
  },
});

export const storeTroubles = {
  'store answers 500': failing('error-500'),
  'store answers 503 SlowDown': failing('slow-down'),
  'store is slow': failing('trickle'),
  'reset within a request': failing('reset-request'),
  'reset within an answer': failing('reset-response'),
  'answer lost after commit': failing('lost-answer'),
  'store hangs': failing('hang'),
} as const satisfies Readonly<Record<string, Fault>>;
