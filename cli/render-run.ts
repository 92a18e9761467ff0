/** A run's snapshot as lines of text: a mark, a bar and a few words a step. Pure; nothing is written here. */
import pico from 'picocolors';
import type {
  ActivityProgress,
  PipelineResult,
  PipelineStep,
  RunStatus,
} from '../contracts/progress.ts';
import type { Scores } from '../contracts/references.ts';
import { checkpointWords } from '../workflows/run-details.ts';
import type { ActivityUnderWay, RunSnapshot } from './watch-run.ts';

const MARKS = {
  waiting: pico.dim('·'),
  running: pico.cyan('▶'),
  done: pico.green('✓'),
  failed: pico.red('✗'),
  skipped: pico.dim('↷'),
} as const;

const ACTIVITY_OF: Readonly<Record<PipelineStep, string>> = {
  'fetch-images': 'fetchArchive',
  'fetch-masks': 'fetchArchive',
  'unpack-images': 'unpackArchive',
  'unpack-masks': 'unpackArchive',
  inspect: 'inspectDataset',
  split: 'splitDataset',
  records: 'prepareRecords',
  train: 'trainEpoch',
  evaluate: 'evaluateModel',
  publish: 'publishModel',
};

const BAR_CELLS = 24;

export interface StepView {
  readonly step: PipelineStep;
  readonly state: RunStatus['steps'][number]['state'];
  /** 0 to 1; `undefined` where the work has no known size yet. */
  readonly share: number | undefined;
  readonly text: string;
}

/** What is known of each step; empty while no worker has answered for the run. */
export function stepViews({ status, activities }: RunSnapshot): readonly StepView[] {
  if (status === undefined) return [];
  const left = [...activities];
  return status.steps.map(({ step, state, summary }) => {
    if (state !== 'running') return { step, state, share: undefined, text: summary };
    // Of two fetches under way the images' is the older one and is listed first.
    const at = left.findIndex(({ type }) => type === ACTIVITY_OF[step]);
    const activity = at === -1 ? undefined : left.splice(at, 1)[0];
    return { step, state, ...describe(step, status, activity) };
  });
}

/** One line a step, for a terminal. */
export function renderSteps(snapshot: RunSnapshot): string[] {
  const views = stepViews(snapshot);
  if (views.length === 0) {
    return [`${MARKS.waiting} waiting for a data worker to take up ${snapshot.runId}`];
  }
  return views.map(({ step, state, share, text }) => {
    const name = step.replace('-', ' ').padEnd(14);
    const bar = share === undefined ? '' : `${progressBar(share)} `;
    const line = `${MARKS[state]} ${name} ${bar}${text}`;
    return state === 'waiting' ? pico.dim(line) : line;
  });
}

export function renderScores(scores: Scores): string[] {
  const row = (name: string, value: number) => `  ${name.padEnd(20)} ${value.toFixed(4)}`;
  return [
    row('threshold Jaccard', scores.thresholdJaccard),
    row('Jaccard', scores.jaccard),
    row('Dice', scores.dice),
    row('sensitivity', scores.sensitivity),
    row('specificity', scores.specificity),
    row('accuracy', scores.accuracy),
  ];
}

/** Scores, version and alias that a completed run came to; an earlier run's, where there was nothing new. */
export function renderResult(result: PipelineResult): string[] {
  const { runId, outcome, evaluation, version, alias } = result;
  const scores = [
    `Scores on ${evaluation.images} validation images:`,
    ...renderScores(evaluation.scores),
  ];
  const { model, version: number } = version;
  if (outcome === 'no-change') {
    return [
      `Nothing new: data, recipe and code are those of ${runId}, whose result stands. --force trains all the same.`,
      ...scores,
      `Published then: ${model} version ${number}.`,
    ];
  }
  const moved = alias.moved ? 'names it now' : 'stays where it was';
  return [
    ...scores,
    `Published ${model} version ${number}; ${alias.name} ${moved}: ${alias.reason}.`,
  ];
}

/** What somebody who looks at a run should know beside its steps. */
export function renderNotes({ state, lastCheckpoint, notes }: RunStatus): string[] {
  const standsStill = state === 'paused' || state === 'cancelled' || state === 'failed';
  return [
    ...(standsStill && lastCheckpoint !== null ? [checkpointWords(lastCheckpoint)] : []),
    ...notes.map((note) => pico.yellow(note)),
  ];
}

function describe(
  step: PipelineStep,
  { state, epochs, history }: RunStatus,
  activity: ActivityUnderWay | undefined,
): Pick<StepView, 'share' | 'text'> {
  const progress = activity?.progress;
  const within = shareOf(progress);
  const words: string[] = state === 'paused' ? ['paused'] : [];
  if (step === 'train')
    words.push(`epoch ${Math.min(epochs.done + 1, epochs.total)} of ${epochs.total}`);
  if (progress) words.push(amount(progress));
  const loss =
    progress?.losses?.total ?? (step === 'train' ? history.at(-1)?.training.total : undefined);
  if (loss !== undefined) words.push(`loss ${loss.toFixed(3)}`);
  if (progress?.note !== undefined) words.push(progress.note);
  if (activity !== undefined && activity.attempt > 1) {
    const why = activity.lastFailure === undefined ? '' : ` (${firstLine(activity.lastFailure)})`;
    words.push(pico.yellow(`try ${activity.attempt}${why}`));
  }
  const share =
    step === 'train' && epochs.total > 0 ? (epochs.done + (within ?? 0)) / epochs.total : within;
  return { share, text: words.join(' · ') };
}

function amount({ done, total, unit }: ActivityProgress): string {
  if (unit === 'bytes') return `${megabytes(done)} of ${megabytes(total)} MB`;
  return `${done} of ${total} ${unit}`;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

function shareOf(progress: ActivityProgress | undefined): number | undefined {
  if (progress === undefined || progress.total === 0) return undefined;
  return Math.min(1, progress.done / progress.total);
}

function progressBar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_CELLS);
  return pico.cyan('█'.repeat(full)) + pico.dim('░'.repeat(BAR_CELLS - full));
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 100);
