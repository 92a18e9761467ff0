/** Keeps an epoch's account: mean losses, images a second, and the share of time spent waiting for data. */
import type { ActivityProgress, Losses } from '../../contracts/progress.ts';
import { meanLosses } from '../../maskrcnn/training/loss-values.ts';

export interface EpochAccount {
  /** Call when the next batch is asked for. */
  askForData(): void;
  /** Call when the batch is there: what lies between is time in which the model waited. */
  haveData(): void;
  /** Call after the step. */
  finishStep(losses: Losses): void;
  readonly imagesPerSecond: number;
  /** Share of the time since the epoch's first batch was asked for, 0 to 1. */
  readonly dataWaitShare: number;
  readonly meanLosses: Losses;
  progress(): ActivityProgress;
}

export interface EpochAccountOptions {
  readonly steps: number;
  readonly batchSize: number;
  /** Milliseconds, for tests. */
  readonly now?: () => number;
}

export function epochAccount({
  steps,
  batchSize,
  now = () => performance.now(),
}: EpochAccountOptions): EpochAccount {
  const began = now();
  let asked = began;
  let finished = began;
  let waited = 0;
  const all: Losses[] = [];

  const imagesPerSecond = () => (all.length * batchSize * 1000) / Math.max(finished - began, 1);
  const dataWaitShare = () => waited / Math.max(now() - began, 1);
  return {
    askForData: () => (asked = now()),
    haveData: () => (waited += now() - asked),
    finishStep: (losses) => {
      finished = now();
      all.push(losses);
    },
    get imagesPerSecond() {
      return imagesPerSecond();
    },
    get dataWaitShare() {
      return dataWaitShare();
    },
    get meanLosses() {
      return meanLosses(all);
    },
    progress: () => {
      const losses = all.at(-1);
      return {
        done: all.length,
        total: steps,
        unit: 'steps',
        imagesPerSecond: imagesPerSecond(),
        dataWaitShare: dataWaitShare(),
        peakResidentBytes: peakResidentBytes(),
        ...(losses === undefined ? {} : { losses }),
      };
    },
  };
}

/** Of this process since its start. */
export function peakResidentBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
