/** What a step that is under way is doing: how far it is, how fast, with which loss, and how long it still takes. */
import type { ActivityProgress, PipelineStep, RunStatus } from '../../contracts/progress.ts';
import { duration } from '../../report/run-page/words.ts';
import type { Palette } from '../colours.ts';
import type { ActivityUnderWay } from '../watch-run.ts';
import { stepSecondsLeft, trainingSecondsLeft } from './time-left.ts';

/** Units a second; `undefined` while it is not known. */
export type RateOf = (activity: ActivityUnderWay) => number | undefined;

export interface StepUnderWay {
  readonly step: PipelineStep;
  readonly status: RunStatus;
  /** What works on it; absent between two activities. */
  readonly activity: ActivityUnderWay | undefined;
  readonly rateOf: RateOf;
  readonly palette: Palette;
}

export interface StepWords {
  /** 0 to 1; `undefined` where the work has no known size yet. */
  readonly share: number | undefined;
  readonly text: string;
}

export function describeStep(under: StepUnderWay): StepWords {
  const { step, status, activity, palette } = under;
  const { state, epochs, history } = status;
  const isTraining = step === 'train';
  const progress = activity?.progress;
  const words: string[] = state === 'running' ? [] : [state];
  if (isTraining) words.push(`epoch ${Math.min(epochs.done + 1, epochs.total)} of ${epochs.total}`);
  if (progress) words.push(amount(progress));
  const speed = state !== 'running' ? undefined : throughput(under);
  if (speed !== undefined) words.push(speed);
  const loss = progress?.losses?.total ?? (isTraining ? history.at(-1)?.training.total : undefined);
  if (loss !== undefined) words.push(`loss ${loss.toFixed(3)}`);
  const left = state !== 'running' ? undefined : secondsLeft(under);
  if (left !== undefined) words.push(`${roughly(left)} left`);
  if (progress?.note !== undefined) words.push(progress.note);
  if (activity !== undefined && activity.attempt > 1) {
    const why = activity.lastFailure === undefined ? '' : ` (${firstLine(activity.lastFailure)})`;
    words.push(palette.yellow(`try ${activity.attempt}${why}`));
  }
  return { share: shareOf(under), text: words.join(' · ') };
}

function shareOf({ step, status: { epochs }, activity }: StepUnderWay): number | undefined {
  const progress = activity?.progress;
  const within =
    progress === undefined || progress.total === 0
      ? undefined
      : Math.min(1, progress.done / progress.total);
  if (step !== 'train' || epochs.total === 0) return within;
  // What an epoch validates comes after its steps.
  const ofEpoch = isValidating(progress) ? 1 : (within ?? 0);
  return Math.min(1, (epochs.done + ofEpoch) / epochs.total);
}

function throughput({ activity, rateOf }: StepUnderWay): string | undefined {
  const progress = activity?.progress;
  if (activity === undefined || progress === undefined) return undefined;
  if (progress.imagesPerSecond !== undefined && progress.imagesPerSecond > 0) {
    return `${short(progress.imagesPerSecond)} images/s`;
  }
  const rate = rateOf(activity);
  if (rate === undefined || rate <= 0) return undefined;
  return progress.unit === 'bytes'
    ? `${short(rate / 1e6)} MB/s`
    : `${short(rate)} ${progress.unit}/s`;
}

function secondsLeft({ step, status, activity, rateOf }: StepUnderWay): number | undefined {
  const progress = activity?.progress;
  const perSecond = activity && rateOf(activity);
  const pace = progress && { done: progress.done, total: progress.total, perSecond };
  if (step !== 'train') return pace && stepSecondsLeft(pace);
  const { epochs, history } = status;
  const stage = history.at(-1)?.stage;
  const alike = history.filter((epoch) => epoch.stage === stage);
  return trainingSecondsLeft({
    epochs,
    epochSeconds: alike.map(({ seconds }) => seconds),
    underWay: isValidating(progress) ? { done: 1, total: 1, perSecond: undefined } : pace,
  });
}

const isValidating = (progress: ActivityProgress | undefined): boolean =>
  progress?.note === 'validating';

function amount({ done, total, unit }: ActivityProgress): string {
  if (unit === 'bytes') return `${megabytes(done)} of ${megabytes(total)} MB`;
  return `${done} of ${total} ${unit}`;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Two or three digits that mean something. */
const short = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

/** Nobody believes the seconds of an estimate of hours. */
function roughly(seconds: number): string {
  if (seconds >= 3600) return duration(60 * Math.round(seconds / 60));
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 100);
