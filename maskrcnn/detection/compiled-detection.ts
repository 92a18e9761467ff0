/** The whole detection as one TensorFlow graph: molded images in, final detections and masks out, in one call. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile, type CompiledFunction } from '../../graph/compile.ts';
import { pyramidAnchors } from '../boxes/anchors.ts';
import type { MaskRcnnConfig } from '../config.ts';
import { cachedAs, type ModelGraphCache } from '../graph-cache.ts';
import { detectionForward, type DetectionOutput } from '../model.ts';
import type { Parameters } from '../parameters.ts';
import type { Size } from '../shapes.ts';

export interface CompiledDetectionOptions {
  readonly config: MaskRcnnConfig;
  /** Borrowed. */
  readonly parameters: Parameters;
  readonly batch: number;
  /** Of the molded images. */
  readonly size: Size;
  readonly graphCache?: ModelGraphCache | undefined;
}

/** What a detection is fed with. */
export interface DetectionFeeds {
  /** `[B, H, W, 3]`, molded. */
  readonly images: tf.Tensor4D;
  /** `[B, (y1, x1, y2, x2)]`, normalised: the part that is image and not padding. */
  readonly windows: tf.Tensor2D;
  /** Scalar, 0 to 1: instances below are left out. */
  readonly minConfidence: tf.Scalar;
}

export class CompiledDetection implements Disposable {
  readonly #program: CompiledFunction<keyof DetectionFeeds, keyof DetectionOutput>;
  readonly #variables: readonly tf.Variable[];
  /** The values that the session has: an assignment gives a variable other data. */
  #pushed: readonly object[];

  constructor({ config, parameters, batch, size, graphCache }: CompiledDetectionOptions) {
    this.#variables = parameters.specs.map(({ name }) => parameters.get(name));
    const anchorValues = pyramidAnchors(config, size);
    this.#program = compile(
      ({ images, windows, minConfidence }) => ({
        outputs: {
          ...detectionForward({
            config,
            parameters,
            images: images as tf.Tensor4D,
            windows: windows as tf.Tensor2D,
            minConfidence: minConfidence as tf.Scalar,
            anchors: tf.tensor2d(anchorValues, [anchorValues.length / 4, 4]),
          }),
        },
      }),
      {
        inputs: {
          images: { shape: [batch, ...size, 3], dtype: 'float32' },
          windows: { shape: [batch, 4], dtype: 'float32' },
          minConfidence: { shape: [], dtype: 'float32' },
        },
        variables: this.#variables,
        precision: config.precision,
        ...cachedAs(graphCache, { what: ['detection'], config }),
      },
    );
    this.#pushed = this.#values();
  }

  /** With the weights as they are now. `feeds` are borrowed, the results are owned by the caller. */
  run(feeds: DetectionFeeds): DetectionOutput {
    const values = this.#values();
    if (values.some((value, index) => value !== this.#pushed[index])) {
      this.#program.push();
      this.#pushed = values;
    }
    const { detections, masks } = this.#program.run({ ...feeds });
    return { detections: detections as tf.Tensor3D, masks: masks as tf.Tensor4D };
  }

  [Symbol.dispose](): void {
    this.#program[Symbol.dispose]();
  }

  #values(): object[] {
    return this.#variables.map(({ dataId }) => dataId);
  }
}
