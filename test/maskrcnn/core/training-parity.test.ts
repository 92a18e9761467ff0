/**
 * One train step at 512 x 512 against Keras 2.2.4 on TensorFlow 1.14, with the targets it drew fed in:
 * losses, gradients of every weight, global norm, and what SGD did to the weights.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { positiveRoiSlots } from '../../../maskrcnn/config.ts';
import type { BatchTensors } from '../../../maskrcnn/model.ts';
import { Parameters, trainableParameters } from '../../../maskrcnn/parameters.ts';
import type { DetectionTargets } from '../../../maskrcnn/training/detection-targets.ts';
import { readLosses, type Losses } from '../../../maskrcnn/training/loss-values.ts';
import { NamedVariables, slotSpecs } from '../../../maskrcnn/training/slots.ts';
import { trainStep } from '../../../maskrcnn/training/train-step.ts';
import { loadWeights } from '../../../maskrcnn/weights/load.ts';
import { describeWithShared, sharedPath } from '../../support/shared.ts';
import { Reference, referenceConfig, referenceImage, type Sampled } from './reference.ts';

interface StepReference {
  readonly losses: Readonly<Record<string, number>>;
  readonly l2_regularisation: number;
  readonly total: number;
  readonly gradient_norm: number;
}

interface WeightDelta extends Sampled {
  readonly delta_norm: number;
  readonly delta_values: number[];
}

interface TrainingReference {
  readonly generator_inputs: {
    readonly anchors: number;
    readonly rpn_match_positive: number[][];
    readonly rpn_match_negative: number[][];
    readonly rpn_bbox_of_positives: number[][][];
  };
  readonly fed: { readonly gradients: Readonly<Record<string, Sampled & { norm: number }>> };
  readonly heads_fed_global_clip: {
    readonly step1: StepReference & {
      readonly weights_after: Readonly<Record<string, WeightDelta>>;
    };
  };
  readonly fed_global_clip: { readonly step1: StepReference };
}

const RATE = 1e-3;

describeWithShared('a train step against the reference', 'parity/training.json', () => {
  const config = referenceConfig();
  const reference = new Reference<TrainingReference>('training');
  const parameters = Parameters.initialise(config, 1);
  let batch: BatchTensors;
  let targets: DetectionTargets;
  let anchors: tf.Tensor2D;

  beforeAll(async () => {
    await loadWeights(parameters, sharedPath('parity/mask_rcnn_r50_2class.h5'), { strict: true });
    anchors = new Reference('inference').tensor('anchors', tf.Rank.R2);
    batch = recordedBatch(reference, await referenceImage(config));
    targets = recordedTargets(reference, positiveRoiSlots(config));
  });

  afterAll(() => {
    tf.dispose([anchors, { ...batch }, { ...targets }]);
    parameters[Symbol.dispose]();
  });

  /** One step; nothing is assigned. Gradients are read back from the velocities. */
  function step(layers: string) {
    const trainable = trainableParameters(parameters.specs, layers);
    using momentum = new NamedVariables(slotSpecs(config, trainable));
    const rate = tf.scalar(RATE);
    const result = trainStep({
      config,
      parameters,
      trainable,
      batch,
      anchors,
      targets,
      slots: momentum.variables,
      averages: new Map(),
      learningRate: rate,
    });
    const losses = readLosses(result.losses);
    const norm = result.gradientNorm.dataSync()[0] ?? Number.NaN;
    const velocity = new Map(
      trainable.map(({ name }) => {
        const variable = momentum.variables.get(name) as tf.Variable;
        return [name, result.updates.get(variable)?.dataSync<'float32'>() ?? new Float32Array()];
      }),
    );
    tf.dispose([rate, result.gradientNorm, result.losses, ...result.updates.values()]);
    return { losses, norm, velocity, trainable };
  }

  it('all layers: losses and the gradient of each of the 266 weights', () => {
    const { losses, norm, velocity, trainable } = step('all');
    expectLosses(losses, reference.json.fed_global_clip.step1);
    const expected = reference.json.fed.gradients;
    expect(trainable.map(({ name }) => `${name}:0`)).toEqual(Object.keys(expected));
    const factor = -RATE * Math.min(1, config.gradientClipNorm / norm);
    for (const [name, values] of velocity) {
      const golden = expected[`${name}:0`];
      if (golden === undefined) throw new Error(`no golden gradient of ${name}`);
      const gradient = values.map((value) => value / factor);
      expect([name, relative(Math.hypot(...chunked(gradient)), golden.norm)]).toEqual([
        name,
        within(1e-2),
      ]);
      const samples = golden.index.map((i) => gradient[i] ?? Number.NaN);
      expect([name, relativeL2(samples, golden.values)]).toEqual([name, within(1e-1)]);
    }
    // The norm is that of conv1's gradient, which ReLU gates that flip under float noise move most.
    expect(relative(norm, reference.json.fed_global_clip.step1.gradient_norm)).toBeLessThan(1e-2);
  });

  it('heads only: fewer terms in L2, weights after the step', () => {
    const { losses, norm, velocity } = step('heads');
    const golden = reference.json.heads_fed_global_clip.step1;
    expectLosses(losses, golden);
    expect(relative(norm, golden.gradient_norm)).toBeLessThan(5e-3);
    expect([...velocity.keys()].map((name) => `${name}:0`)).toEqual(
      Object.keys(golden.weights_after),
    );
    for (const [name, values] of velocity) {
      const expected = golden.weights_after[`${name}:0`];
      if (expected === undefined) throw new Error(`no golden delta of ${name}`);
      const norms = relative(Math.hypot(...chunked(values)), expected.delta_norm);
      expect([name, norms]).toEqual([name, within(1e-2)]);
    }
  });
});

function expectLosses(losses: Losses, golden: StepReference): void {
  const named = {
    rpn_class_loss: losses.rpnClass,
    rpn_bbox_loss: losses.rpnBbox,
    mrcnn_class_loss: losses.mrcnnClass,
    mrcnn_bbox_loss: losses.mrcnnBbox,
    mrcnn_mask_loss: losses.mrcnnMask,
  };
  for (const [name, value] of Object.entries(named)) {
    expect([name, relative(value, golden.losses[name] ?? Number.NaN)]).toEqual([
      name,
      within(1e-4),
    ]);
  }
  expect(relative(losses.l2, golden.l2_regularisation)).toBeLessThan(1e-4);
  expect(relative(losses.total, golden.total)).toBeLessThan(1e-4);
}

/** An asymmetric matcher: a number between 0 and `bound`. */
function within(bound: number): unknown {
  return {
    asymmetricMatch: (value: unknown) => typeof value === 'number' && value >= 0 && value <= bound,
    toString: () => `within(${String(bound)})`,
  };
}

const relative = (value: number, golden: number) => Math.abs(value / golden - 1);

function relativeL2(values: readonly number[], golden: readonly number[]): number {
  const difference = Math.hypot(...values.map((value, i) => value - (golden[i] ?? Number.NaN)));
  return difference / Math.hypot(...golden);
}

/** Norms of pieces: `Math.hypot` takes no million arguments. */
function chunked(values: Float32Array): number[] {
  const norms: number[] = [];
  for (let start = 0; start < values.length; start += 4096) {
    let sum = 0;
    for (const value of values.subarray(start, start + 4096)) sum += value * value;
    norms.push(Math.sqrt(sum));
  }
  return norms;
}

/** What the reference's generator fed. The truth boxes are not needed where the targets are fed. */
function recordedBatch({ json }: Reference<TrainingReference>, images: tf.Tensor4D): BatchTensors {
  const inputs = json.generator_inputs;
  const match = new Int32Array(inputs.anchors);
  for (const anchor of inputs.rpn_match_positive[0] ?? []) match[anchor] = 1;
  for (const anchor of inputs.rpn_match_negative[0] ?? []) match[anchor] = -1;
  const bbox = new Float32Array(256 * 4);
  bbox.set((inputs.rpn_bbox_of_positives[0] ?? []).flat());
  return {
    images,
    rpnMatch: tf.tensor2d(match, [1, inputs.anchors], 'int32'),
    rpnBbox: tf.tensor3d(bbox, [1, 256, 4]),
    gtClassIds: tf.zeros([1, 1], 'int32'),
    gtBoxes: tf.zeros([1, 1, 4]),
    gtMasks: tf.zeros([1, 56, 56, 1]),
    roiKeys: tf.zeros([1, 2000]),
  };
}

function recordedTargets(reference: Reference<TrainingReference>, slots: number): DetectionTargets {
  const masks = new Float32Array(slots * 28 * 28);
  masks.set(reference.unpacked('tr_target_mask_0_packed', 28 * 28));
  return {
    rois: reference.tensor('tr_rois', tf.Rank.R3),
    classIds: reference.tensor('tr_target_class_ids', tf.Rank.R2),
    deltas: tf.tidy(() => tf.slice(reference.tensor('tr_target_bbox', tf.Rank.R3), 0, [1, slots])),
    masks: tf.tensor4d(masks, [1, slots, 28, 28]),
  };
}
