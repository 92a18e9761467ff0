/** Keeps an epoch's account: steps, losses, images a second, and the share of time spent waiting for data. */
import type { ActivityProgress, Losses } from '../../contracts/progress.ts';
import { addLosses, meanOfSums, NO_LOSSES } from '../../maskrcnn/training/loss-values.ts';

export interface EpochAccount {
  /** Call when the next batch is asked for. */
  askForData(): void;
  /** Call when the batch is there: what lies between is time in which the model waited. */
  haveData(): void;
  /** Call after the step. */
  finishStep(losses: Losses): void;
  /** Steps of the epoch that are done. */
  readonly stepsDone: number;
  readonly imagesPerSecond: number;
  /** From asking for the last step's first batch to the step's end, the wait for data included. */
  readonly stepSeconds: number;
  /** Share of the time since the epoch's first batch was asked for, 0 to 1. */
  readonly dataWaitShare: number;
  /** Over the steps that are done. */
  readonly lossSums: Losses;
  readonly meanLosses: Losses;
  progress(): ActivityProgress;
}

export interface EpochAccountOptions {
  readonly steps: number;
  readonly batchSize: number;
  /** What was done of the epoch before, by an attempt that this one goes on from. @default nothing */
  readonly before?: { readonly steps: number; readonly lossSums: Losses };
  /** Milliseconds, for tests. */
  readonly now?: () => number;
}

export function epochAccount({
  steps,
  batchSize,
  before = { steps: 0, lossSums: NO_LOSSES },
  now = () => performance.now(),
}: EpochAccountOptions): EpochAccount {
  const began = now();
  let asked = began;
  let finished = began;
  let stepSeconds = 0;
  let stepBegan: number | undefined;
  let waited = 0;
  let stepsDone = before.steps;
  let lossSums = before.lossSums;
  let latest: Losses | undefined;

  const imagesPerSecond = () =>
    ((stepsDone - before.steps) * batchSize * 1000) / Math.max(finished - began, 1);
  const dataWaitShare = () => waited / Math.max(now() - began, 1);
  return {
    askForData: () => {
      asked = now();
      stepBegan ??= asked;
    },
    haveData: () => (waited += now() - asked),
    finishStep: (losses) => {
      finished = now();
      stepSeconds = (finished - (stepBegan ?? began)) / 1000;
      stepBegan = undefined;
      stepsDone++;
      lossSums = addLosses(lossSums, losses);
      latest = losses;
    },
    get stepsDone() {
      return stepsDone;
    },
    get imagesPerSecond() {
      return imagesPerSecond();
    },
    get stepSeconds() {
      return stepSeconds;
    },
    get dataWaitShare() {
      return dataWaitShare();
    },
    get lossSums() {
      return lossSums;
    },
    get meanLosses() {
      return meanOfSums(lossSums, stepsDone);
    },
    progress: () => ({
      done: stepsDone,
      total: steps,
      unit: 'steps',
      imagesPerSecond: imagesPerSecond(),
      dataWaitShare: dataWaitShare(),
      peakResidentBytes: peakResidentBytes(),
      ...(latest === undefined ? {} : { losses: latest }),
    }),
  };
}

/** Of this process since its start. */
export function peakResidentBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
