/** The reference's training runs (training.json), and ours over the same batch, RoIs and first weights. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { normBoxes } from '../../../maskrcnn/boxes/normalisation.ts';
import { positiveRoiSlots, type MaskRcnnConfig } from '../../../maskrcnn/config.ts';
import { applyDeltas } from '../../../maskrcnn/layers/box-coder.ts';
import { inferencePass } from '../../../maskrcnn/layers/forward-pass.ts';
import { imagePyramid, regionScores, type BatchTensors } from '../../../maskrcnn/model.ts';
import {
  Parameters,
  trainableParameters,
  type ParameterSpec,
} from '../../../maskrcnn/parameters.ts';
import type { DetectionTargets } from '../../../maskrcnn/training/detection-targets.ts';
import { readLosses, type Losses } from '../../../maskrcnn/training/loss-values.ts';
import { NamedVariables, slotSpecs } from '../../../maskrcnn/training/slots.ts';
import type { TargetOrigin } from '../../../maskrcnn/training/target-gradient.ts';
import { trainStep } from '../../../maskrcnn/training/train-step.ts';
import { loadWeights } from '../../../maskrcnn/weights/load.ts';
import { sharedPath } from '../../support/shared.ts';
import { Reference, referenceConfig, referenceImage, type Sampled } from '../core/reference.ts';

export interface StepNumbers {
  readonly losses: Readonly<Record<string, number>>;
  readonly l2_regularisation: number;
  readonly total: number;
  readonly gradient_norm: number;
  readonly weights_after?: Readonly<Record<string, Delta>>;
  readonly momentum_after?: Readonly<Record<string, number>>;
}

/** How far a weight is from where it began. */
export interface Delta extends Sampled {
  readonly delta_norm: number;
  readonly delta_values: readonly number[];
}

export type Gradients = Readonly<Record<string, Sampled & { readonly norm: number }>>;

type Run = Readonly<Record<'step1' | 'step2' | 'step3', StepNumbers>>;

interface TrainingNumbers {
  readonly generator_inputs: {
    readonly anchors: number;
    readonly rpn_match_positive: readonly number[][];
    readonly rpn_match_negative: readonly number[][];
    readonly rpn_bbox_of_positives: readonly number[][][];
    readonly gt_boxes_px: readonly number[][][];
  };
  readonly fed: { readonly gradients: Gradients };
  readonly asis: { readonly gradients: Gradients };
  readonly fed_global_clip: Run;
  readonly fed_variable_clip: Run;
  readonly asis_global_clip: Run;
  readonly heads_fed_global_clip: Run & { readonly step1: { readonly gradients: Gradients } };
}

/** What a step gave, and where it left the weights. */
export interface Step {
  readonly losses: Losses;
  readonly norm: number;
}

const RATE = 1e-3;

export class TrainingRun implements AsyncDisposable {
  readonly numbers: TrainingNumbers;
  readonly trainable: readonly ParameterSpec[];
  readonly #reference: Reference<TrainingNumbers>;
  readonly #config: MaskRcnnConfig;
  readonly #parameters: Parameters;
  readonly #first: ReadonlyMap<string, Float32Array>;
  readonly #slots: NamedVariables;
  readonly #anchors: tf.Tensor2D;
  readonly #batch: BatchTensors;

  /** From the weights of the reference's file. */
  static async start(layers: string, changes: object = {}): Promise<TrainingRun> {
    const config = referenceConfig(changes);
    const parameters = Parameters.initialise(config, 1);
    await loadWeights(parameters, sharedPath('parity/mask_rcnn_r50_2class.h5'), { strict: true });
    return new TrainingRun({ layers, config, parameters, images: await referenceImage(config) });
  }

  private constructor(options: {
    readonly layers: string;
    readonly config: MaskRcnnConfig;
    readonly parameters: Parameters;
    readonly images: tf.Tensor4D;
  }) {
    const { layers, config, parameters, images } = options;
    this.#reference = new Reference('training');
    this.numbers = this.#reference.json;
    this.#config = config;
    this.#parameters = parameters;
    this.trainable = trainableParameters(parameters.specs, layers);
    this.#first = new Map(this.trainable.map(({ name }) => [name, this.#weight(name).slice()]));
    this.#slots = new NamedVariables(slotSpecs(config, this.trainable));
    this.#anchors = new Reference('inference').tensor('anchors', tf.Rank.R2);
    this.#batch = this.#recordedBatch(images);
  }

  /** One step on the RoIs and targets recorded under `prefix` (`tr`, `asis_step1`, …). */
  step(prefix = 'tr'): Step {
    const targets = this.#recordedTargets(prefix);
    const rate = tf.scalar(RATE);
    const result = trainStep({
      config: this.#config,
      parameters: this.#parameters,
      trainable: this.trainable,
      batch: this.#batch,
      anchors: this.#anchors,
      targets,
      slots: this.#slots.variables,
      averages: new Map(),
      learningRate: rate,
    });
    for (const [variable, value] of result.updates) {
      variable.assign(value);
      value.dispose();
    }
    const losses = readLosses(result.losses);
    const norm = result.gradientNorm.dataSync()[0] ?? Number.NaN;
    tf.dispose([rate, result.gradientNorm, result.losses]);
    tf.dispose([{ ...targets, origin: undefined }, { ...targets.origin }]);
    return { losses, norm };
  }

  /** The gradient of the first step, taken back from the velocity that it left. */
  firstGradient(name: string, { norm }: Step): Float32Array {
    const factor = -RATE * Math.min(1, this.#config.gradientClipNorm / norm);
    return this.velocity(name).map((value) => value / factor);
  }

  velocity(name: string): Float32Array {
    return this.#slots.variables.get(name)?.dataSync<'float32'>() ?? new Float32Array();
  }

  /** How far the weight is from where it began. */
  delta(name: string): Float32Array {
    const first = this.#first.get(name);
    return this.#weight(name).map((value, i) => value - (first?.[i] ?? Number.NaN));
  }

  /** Half the gap between the weight's float32 numbers at its largest value: what a delta can be off by. */
  resolution(name: string): number {
    let largest = 0;
    for (const value of this.#first.get(name) ?? []) largest = Math.max(largest, Math.abs(value));
    return largest * 2 ** -24;
  }

  [Symbol.asyncDispose](): Promise<void> {
    tf.dispose([this.#anchors, { ...this.#batch }]);
    this.#slots[Symbol.dispose]();
    this.#parameters[Symbol.dispose]();
    return Promise.resolve();
  }

  #weight(name: string): Float32Array {
    return this.#parameters.get(name).dataSync<'float32'>();
  }

  /** What the reference's generator fed. The truth is not needed where the targets are fed. */
  #recordedBatch(images: tf.Tensor4D): BatchTensors {
    const inputs = this.numbers.generator_inputs;
    const rows = this.#config.rpnTrainAnchorsPerImage;
    const match = new Int32Array(inputs.anchors);
    for (const anchor of inputs.rpn_match_positive[0] ?? []) match[anchor] = 1;
    for (const anchor of inputs.rpn_match_negative[0] ?? []) match[anchor] = -1;
    const bbox = new Float32Array(rows * 4);
    bbox.set((inputs.rpn_bbox_of_positives[0] ?? []).flat());
    return {
      images,
      rpnMatch: tf.tensor2d(match, [1, inputs.anchors], 'int32'),
      rpnBbox: tf.tensor3d(bbox, [1, rows, 4]),
      gtClassIds: tf.zeros([1, 1], 'int32'),
      gtBoxes: tf.zeros([1, 1, 4]),
      gtMasks: tf.zeros([1, 56, 56, 1]),
      roiKeys: tf.zeros([1, 2000]),
    };
  }

  #recordedTargets(prefix: string): DetectionTargets {
    const slots = positiveRoiSlots(this.#config);
    const masks = new Float32Array(slots * 28 * 28);
    masks.set(this.#reference.unpacked(`${prefix}_target_mask_0_packed`, 28 * 28));
    const rois = this.#reference.tensor(`${prefix}_rois`, tf.Rank.R3);
    const deltas = this.#reference.tensor(`${prefix}_target_bbox`, tf.Rank.R3);
    return {
      rois,
      classIds: this.#reference.tensor(`${prefix}_target_class_ids`, tf.Rank.R2),
      deltas: tf.tidy(() => tf.slice(deltas, 0, [1, slots])),
      masks: tf.tensor4d(masks, [1, slots, 28, 28]),
      ...(this.#config.gradientThroughTargets && { origin: this.#originOf(rois, slots) }),
    };
  }

  /** The anchors that the recorded RoIs were refined from: those whose box, as refined now, is nearest. */
  #originOf(rois: tf.Tensor3D, slots: number): TargetOrigin {
    return tf.tidy(() => {
      const pass = inferencePass(this.#parameters);
      const pyramid = imagePyramid(pass, this.#config, this.#batch.images);
      const { deltas } = regionScores(pass, this.#config, pyramid);
      const scaled = tf.mul<tf.Tensor2D>(deltas.squeeze([0]), [...this.#config.rpnBboxStdDev]);
      const refined = tf.clipByValue(applyDeltas(this.#anchors, scaled), 0, 1);
      const positives = tf.unstack(tf.slice(rois, 0, [1, slots]).squeeze<tf.Tensor2D>([0]));
      const nearest = positives.map((roi) => tf.argMin(tf.max(tf.abs(tf.sub(refined, roi)), 1)));
      const [gtBox = []] = this.numbers.generator_inputs.gt_boxes_px[0] ?? [];
      const { imageMaxDim } = this.#config;
      const normalised = normBoxes(Int32Array.from(gtBox), [imageMaxDim, imageMaxDim]);
      return {
        anchorIndices: tf.stack(nearest).expandDims<tf.Tensor2D>(0),
        gtBoxes: tf.tile(tf.tensor3d(normalised, [1, 1, 4]), [1, slots, 1]),
      };
    });
  }
}
