/** Runs side by side: in which options they differ, and what each came to. Pure. */
import { bestEpochOf } from '../../contracts/best-epoch.ts';
import type { PipelineInput } from '../../contracts/pipeline-input.ts';
import type { BestEpoch } from '../../contracts/progress.ts';
import type { Scores } from '../../contracts/references.ts';
import { withoutSecrets } from '../../report/run-page/sections/recipe.ts';
import { differences, type Difference } from '../differences.ts';
import type { RecordedRun } from '../known-run.ts';
import { redoneSteps, trainedSeconds } from './epochs.ts';

export interface ComparedRun {
  readonly runId: string;
  readonly state: string;
  readonly startedAt: Date;
  /** From its start to its end, or until now. */
  readonly seconds: number;
  readonly epochs: number;
  /** Of the epochs. */
  readonly trainedSeconds: number;
  readonly stepsRedone: number;
  /** Of the last epoch, before any validation. */
  readonly trainingLoss: number | null;
  readonly validationLoss: number | null;
  readonly bestEpoch: BestEpoch | null;
  readonly scores: Scores | null;
  /** Hash of the split that it is scored on. */
  readonly splitHash: string | null;
  readonly version: { readonly model: string; readonly version: number } | null;
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  /** In the order of the runs. */
  readonly options: readonly Difference[];
  /** Are all runs that have scores scored on the same images? Only then do the scores compare. */
  readonly isSameSplit: boolean;
}

export function compareRuns(runs: readonly RecordedRun[], now = new Date()): Comparison {
  const compared = runs.map((run) => comparedRun(run, now));
  const splits = compared.filter(({ scores }) => scores !== null).map((run) => run.splitHash);
  return {
    runs: compared,
    options: differences(runs.map(({ request }) => request && printable(request))),
    isSameSplit: new Set(splits).size <= 1,
  };
}

function comparedRun(run: RecordedRun, now: Date): ComparedRun {
  const { runId, state, startedAt, closedAt = now, epochs, evaluation, split, published } = run;
  const last = epochs.at(-1);
  const { model, version } = published?.version ?? {};
  return {
    ...{ runId, state, startedAt },
    seconds: (closedAt.getTime() - startedAt.getTime()) / 1000,
    epochs: epochs.length,
    trainedSeconds: trainedSeconds(epochs),
    stepsRedone: redoneSteps(epochs),
    trainingLoss: last?.training.total ?? null,
    validationLoss: last?.validation?.total ?? null,
    bestEpoch: bestEpochOf(epochs),
    scores: evaluation?.scores ?? null,
    splitHash: split?.hash ?? null,
    version: model === undefined || version === undefined ? null : { model, version },
  };
}

/** A run's input without what addresses may hold of secrets. */
export function printable(request: PipelineInput): PipelineInput {
  const { images, masks } = request.dataset;
  const plain = (source: typeof images) => ({ ...source, url: withoutSecrets(source.url) });
  const { initialWeights } = request.training;
  return {
    ...request,
    dataset: { ...request.dataset, images: plain(images), masks: plain(masks) },
    training: {
      ...request.training,
      initialWeights:
        'url' in initialWeights && initialWeights.url !== undefined
          ? { ...initialWeights, url: withoutSecrets(initialWeights.url) }
          : initialWeights,
    },
  };
}
