/**
 * Curves of a run from its TensorBoard files, one or more an epoch. Attempts that were lost leave files of their own,
 * whose steps the next attempt did again: of equal steps the later one counts.
 *
 * The x of every curve is in epochs: 2.5 is the middle of the third one.
 */
import { lossesSchema, type Losses } from '../../contracts/progress.ts';
import { readScalars } from '../tensorboard-reader.ts';

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

export type LossName = keyof Losses;
export const lossNames = lossesSchema.keyof().options;

/** What an epoch's files say of it; a value is absent where the epoch is not finished. */
export interface EpochRecord {
  readonly epoch: number;
  readonly stage: string;
  /** Files of it: 1 when no attempt was lost. */
  readonly attempts: number;
  /** Steps that are in more than one file. */
  readonly stepsRedone: number;
  /**
   * From the last event of each attempt to the first of the next one: what was done after its last upload and is lost,
   * the time until that was noticed, and the next start. A pause looks the same.
   */
  readonly secondsBetween: number;
  /** From its first event to its last. */
  readonly seconds: number;
  /** Seconds a step, the median of its steps. */
  readonly secondsPerStep?: number | undefined;
  readonly imagesPerSecond?: number | undefined;
  /** 0 to 1 */
  readonly dataWaitShare?: number | undefined;
  readonly peakGigabytes?: number | undefined;
  readonly training?: Losses | undefined;
  readonly validation?: Losses | undefined;
}

export interface TrainingCurves {
  /** Each loss, means over neighbouring steps. */
  readonly steps: Readonly<Record<LossName, readonly CurvePoint[]>>;
  readonly learningRate: readonly CurvePoint[];
  /** By rising number. */
  readonly epochs: readonly EpochRecord[];
}

export interface EventFile {
  readonly key: string;
  readonly stage: string;
  readonly bytes: Uint8Array;
}

export interface CurveOptions {
  readonly stepsPerEpoch?: number | undefined;
  /** Points that a curve keeps. @default 240 */
  readonly limit?: number;
}

interface Reading {
  readonly value: number;
  readonly wallTime: number;
}

/** tag → step → the latest reading. */
type Readings = Map<string, Map<number, Reading>>;

interface EpochReadings {
  readonly epoch: number;
  readonly stage: string;
  attempts: number;
  stepsRedone: number;
  /** First and last event of each file. */
  readonly spans: (readonly [from: number, to: number])[];
  readonly readings: Readings;
}

/** `events.out.tfevents.<seconds>.e<epoch>-<attempt>` */
const EPOCH_OF_NAME = /\.e(\d+)-[^/]*$/;

export function trainingCurves(
  files: readonly EventFile[],
  { stepsPerEpoch, limit = 240 }: CurveOptions = {},
): TrainingCurves {
  const epochs = new Map<number, EpochReadings>();
  for (const { key, stage, bytes } of files) {
    const epoch = Number(EPOCH_OF_NAME.exec(key)?.[1]);
    if (!Number.isInteger(epoch)) continue;
    const at = epochs.get(epoch) ?? freshEpoch(epoch, stage);
    addFile(at, bytes);
    epochs.set(epoch, at);
  }
  const rising = [...epochs.values()].sort((a, b) => a.epoch - b.epoch);
  const curve = (tag: string) =>
    thinned(
      rising.flatMap((epoch) => pointsOf(epoch, tag, stepsPerEpoch)),
      limit,
    );
  const steps = Object.fromEntries(lossNames.map((name) => [name, curve(`step/${name}`)]));
  return {
    // Of every name, by the line above.
    steps: steps as unknown as TrainingCurves['steps'],
    learningRate: curve('learning-rate'),
    epochs: rising.map(recordOf),
  };
}

function freshEpoch(epoch: number, stage: string): EpochReadings {
  return { epoch, stage, attempts: 0, stepsRedone: 0, spans: [], readings: new Map() };
}

function addFile(epoch: EpochReadings, bytes: Uint8Array): void {
  const scalars = readScalars(bytes);
  const [first, last] = [scalars[0], scalars.at(-1)];
  if (first === undefined || last === undefined) return;
  epoch.attempts++;
  epoch.spans.push([first.wallTime, last.wallTime]);
  for (const { tag, step, value, wallTime } of scalars) {
    const ofTag = epoch.readings.get(tag) ?? new Map<number, Reading>();
    const before = ofTag.get(step);
    if (before !== undefined && tag === 'step/total') epoch.stepsRedone++;
    if (before === undefined || before.wallTime <= wallTime) ofTag.set(step, { value, wallTime });
    epoch.readings.set(tag, ofTag);
  }
}

/** Steps count over the run, and each epoch starts at a multiple of `stepsPerEpoch`. */
function pointsOf(
  { epoch, readings }: EpochReadings,
  tag: string,
  stepsPerEpoch: number | undefined,
): CurvePoint[] {
  const steps = [...(readings.get(tag) ?? [])].sort(([a], [b]) => a - b);
  const first = steps[0]?.[0] ?? 1;
  const length = stepsPerEpoch ?? (steps.at(-1)?.[0] ?? 1) - first + 1;
  const before = stepsPerEpoch === undefined ? first - 1 : 0;
  return steps.map(([step, { value }]) => ({
    x: epoch - 1 + (((step - before - 1) % length) + 1) / length,
    y: value,
  }));
}

/** Means over equally many neighbours, so that `limit` points are left. */
function thinned(points: readonly CurvePoint[], limit: number): CurvePoint[] {
  const size = Math.ceil(points.length / limit);
  const mean = (some: readonly CurvePoint[], axis: keyof CurvePoint) =>
    some.reduce((sum, point) => sum + point[axis], 0) / some.length;
  return Array.from({ length: size === 0 ? 0 : Math.ceil(points.length / size) }, (_, bin) => {
    const some = points.slice(bin * size, (bin + 1) * size);
    return { x: mean(some, 'x'), y: mean(some, 'y') };
  });
}

function recordOf({ readings, spans, ...epoch }: EpochReadings): EpochRecord {
  const last = (tag: string) => [...(readings.get(tag)?.values() ?? [])].at(-1)?.value;
  const losses = (group: string): Losses | undefined => {
    const values = lossNames.map((name) => [name, last(`${group}/${name}`)]);
    const parsed = lossesSchema.safeParse(Object.fromEntries(values));
    return parsed.success ? parsed.data : undefined;
  };
  const [starts, ends] = [spans.map(([from]) => from), spans.map(([, to]) => to)];
  return {
    ...epoch,
    seconds: spans.length === 0 ? 0 : Math.max(...ends) - Math.min(...starts),
    secondsBetween: secondsBetween(spans),
    secondsPerStep: secondsPerStep(readings),
    imagesPerSecond: last('images-per-second'),
    dataWaitShare: last('data-wait-share'),
    peakGigabytes: last('peak-resident-gigabytes'),
    training: losses('training'),
    validation: losses('validation'),
  };
}

function secondsPerStep(readings: Readings): number | undefined {
  const steps = [...(readings.get('step/total') ?? [])].sort(([a], [b]) => a - b);
  const times = steps.map(([, { wallTime }]) => wallTime);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
}

function secondsBetween(spans: EpochReadings['spans']): number {
  const inOrder = [...spans].sort(([a], [b]) => a - b);
  return inOrder
    .slice(1)
    .reduce((sum, [from], index) => sum + Math.max(0, from - (inOrder[index]?.[1] ?? from)), 0);
}
