/** What lost workers cost: steps that were done twice, and the time until the next attempt was as far. */
import type { RunFacts } from './facts.ts';

export interface LostTime {
  readonly stepsRedone: number;
  /** Pauses are in it: they look the same. */
  readonly seconds: number;
  /** Epochs that took more than one attempt. */
  readonly epochs: readonly number[];
}

export function lostTime({ curves, epochs }: Pick<RunFacts, 'curves' | 'epochs'>): LostTime {
  const results = new Map(epochs.map((result) => [result.epoch, result]));
  let [stepsRedone, seconds] = [0, 0];
  const touched: number[] = [];
  for (const { epoch, attempts, secondsPerStep = 0, secondsBetween, ...record } of curves.epochs) {
    // Files end at an attempt's last upload, and a lost one may have none: the epoch's own count goes first.
    const redone = results.get(epoch)?.stepsRedone ?? record.stepsRedone;
    stepsRedone += redone;
    seconds += Math.max(
      secondsBetween + record.stepsRedone * secondsPerStep,
      redone * secondsPerStep,
    );
    if (redone > 0 || attempts > 1) touched.push(epoch);
  }
  return { stepsRedone, seconds, epochs: touched };
}
