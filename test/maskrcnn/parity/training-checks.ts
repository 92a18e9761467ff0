/** How far our step is from the reference's, each quantity at the tolerance of ../shared/parity/README.md. */
import { expect } from '@jest/globals';
import { expectDeviation } from '../../support/parity-record.ts';
import type { Gradients, Step, StepNumbers, TrainingRun } from './training-run.ts';

export interface StepTolerances {
  /** Relative, of each loss, L2 and the total. */
  readonly losses: number;
  /** Relative, of the global norm before clipping. */
  readonly norm: number;
}

export function expectStep(
  run: string,
  { losses, norm }: Step,
  golden: StepNumbers,
  tolerances: StepTolerances,
): void {
  const named: Readonly<Record<string, readonly [number, number | undefined]>> = {
    rpn_class_loss: [losses.rpnClass, golden.losses['rpn_class_loss']],
    rpn_bbox_loss: [losses.rpnBbox, golden.losses['rpn_bbox_loss']],
    mrcnn_class_loss: [losses.mrcnnClass, golden.losses['mrcnn_class_loss']],
    mrcnn_bbox_loss: [losses.mrcnnBbox, golden.losses['mrcnn_bbox_loss']],
    mrcnn_mask_loss: [losses.mrcnnMask, golden.losses['mrcnn_mask_loss']],
    'L2 term': [losses.l2, golden.l2_regularisation],
    'total loss': [losses.total, golden.total],
  };
  for (const [name, [ours, theirs = Number.NaN]] of Object.entries(named)) {
    check(`${run}: ${name}`, relative(ours, theirs), tolerances.losses);
  }
  check(`${run}: global gradient norm`, relative(norm, golden.gradient_norm), tolerances.norm);
}

/** The README asks 5e-2, which the reference itself misses (docs/parity.md, "How exact the reference is"). */
const SAMPLES = 1e-1;

/** Norm and samples of the gradient of every trained weight, and that none is missing. */
export function expectGradients(
  name: string,
  run: TrainingRun,
  step: Step,
  golden: Gradients,
): void {
  expect(run.trainable.map((spec) => `${spec.name}:0`)).toEqual(Object.keys(golden));
  for (const spec of run.trainable) {
    const expected = golden[`${spec.name}:0`];
    if (expected === undefined) continue;
    const gradient = run.firstGradient(spec.name, step);
    const samples = expected.index.map((i) => gradient[i] ?? Number.NaN);
    check(
      `${name}: norm of each gradient`,
      relative(length(gradient), expected.norm),
      1e-2,
      spec.name,
    );
    check(
      `${name}: samples of each gradient`,
      relativeDistance(samples, expected.values),
      SAMPLES,
      spec.name,
    );
  }
}

/** Weights and velocities after the step. */
export function expectUpdates(name: string, run: TrainingRun, golden: StepNumbers): void {
  const { weights_after: weights = {}, momentum_after: momentum = {} } = golden;
  expect(run.trainable.map((spec) => `${spec.name}:0`)).toEqual(Object.keys(weights));
  for (const spec of run.trainable) {
    const expected = weights[`${spec.name}:0`];
    if (expected === undefined) continue;
    const delta = run.delta(spec.name);
    // What float32 can hold of a small step on a large weight is not a deviation.
    const resolution = run.resolution(spec.name) * Math.sqrt(delta.length);
    const excess = Math.max(0, Math.abs(length(delta) - expected.delta_norm) - resolution);
    check(`${name}: norm of each weight's change`, excess / expected.delta_norm, 1e-2, spec.name);
    const velocity = relative(
      length(run.velocity(spec.name)),
      momentum[`${spec.name}:0`] ?? Number.NaN,
    );
    check(`${name}: norm of each velocity`, velocity, 1e-2, spec.name);
  }
}

function check(quantity: string, deviation: number, tolerance: number, of?: string): void {
  try {
    expectDeviation({ part: 'training', quantity, deviation, tolerance, unit: 'relative' });
  } catch (error) {
    throw of === undefined ? error : new Error(`${of}: ${String(error)}`, { cause: error });
  }
}

const relative = (value: number, golden: number) => Math.abs(value / golden - 1);

function relativeDistance(values: readonly number[], golden: readonly number[]): number {
  const difference = length(values.map((value, i) => value - (golden[i] ?? Number.NaN)));
  return difference / length(golden);
}

/** Euclidean norm; `Math.hypot` takes no million arguments. */
function length(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) ** 2;
  return Math.sqrt(sum);
}
