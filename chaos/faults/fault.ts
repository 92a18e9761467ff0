/** What a fault is to the harness. */
import type { RandomStream } from '../../maskrcnn/random.ts';
import type { RunStatus } from '../../contracts/progress.ts';
import type { Plant } from '../plant.ts';
import type { PlaceName } from '../places.ts';

/** Where and on what a fault is done. */
export interface Scene {
  readonly plant: Plant;
  readonly runId: string;
  readonly heartbeatSeconds: number;
  /** Of this fault alone. */
  readonly random: RandomStream;
  /** Resolves when the run has come further than where the fault met it, or is over. */
  readonly untilFurther: () => Promise<void>;
  /** Resolves when the run says that it is in that state (`paused`, …), or is over. */
  readonly untilState: (state: RunStatus['state']) => Promise<void>;
}

/** How much work a fault may cost: none, what lies between two checkpoints, or an epoch beside that. */
export type Loss = 'nothing' | 'interval' | 'epoch';

export interface Fault {
  readonly places: readonly PlaceName[];
  readonly mayCost: Loss;
  /**
   * Returns when the harm is done, or in force. What it gives back is called when the moment that was held goes on,
   * and returns when nothing is left of the fault but its consequences.
   */
  inject(scene: Scene): Promise<() => Promise<void>>;
}

export const nothingMore = () => Promise.resolve();
