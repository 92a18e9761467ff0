/**
 * What the network says on the way to its detections, on one image: the anchors that the RPN likes best, the
 * RoIs and their classes, and what training would make of them (samples/coco/inspect_model.ipynb, "Stage 1"
 * and "Stage 2"). All in pixels of the network's input. Loads TensorFlow.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { pyramidAnchors } from '../../maskrcnn/boxes/anchors.ts';
import { denormBoxes, normBoxes } from '../../maskrcnn/boxes/normalisation.ts';
import { applyBoxDeltas } from '../../maskrcnn/boxes/refinement.ts';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import type { FittedImage } from '../../maskrcnn/detector.ts';
import { classHead } from '../../maskrcnn/heads/class-head.ts';
import { moldImage } from '../../maskrcnn/image/mold.ts';
import { inferencePass } from '../../maskrcnn/layers/forward-pass.ts';
import { imagePyramid, regionProposals, regionScores } from '../../maskrcnn/model.ts';
import type { Parameters } from '../../maskrcnn/parameters.ts';
import type { Box, BoxArray, Size } from '../../maskrcnn/shapes.ts';
import type { DrawnRoi } from '../../report/rois.ts';

export interface ScoredAnchor {
  readonly box: Box;
  readonly refined: Box;
  /** Probability of an object, 0 to 1. */
  readonly score: number;
}

export interface NetworkView {
  /** By falling score. */
  readonly anchors: readonly ScoredAnchor[];
  /** Proposals in the RPN's order, padding left out, each with its likeliest class. */
  readonly rois: readonly (DrawnRoi & { readonly score: number })[];
}

export interface NetworkViewOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  readonly image: FittedImage;
  /** Anchors to show. */
  readonly anchors: number;
}

export async function viewNetwork(options: NetworkViewOptions): Promise<NetworkView> {
  const tensors = tf.tidy(() => outputs(options));
  try {
    const numbers = await Promise.all(
      Object.entries(tensors).map(async ([name, tensor]) => [name, await tensor.data()] as const),
    );
    return toView(Object.fromEntries(numbers) as unknown as Numbers, options);
  } finally {
    tf.dispose(Object.values(tensors));
  }
}

type Outputs = ReturnType<typeof outputs>;
type Numbers = Readonly<Record<keyof Outputs, Float32Array>>;

function outputs({ config, parameters, image, anchors: count }: NetworkViewOptions) {
  const size: Size = [image.height, image.width];
  const pass = inferencePass(parameters);
  const images = tf.tensor4d(moldImage(image.pixels, config), [1, ...size, 3]);
  const pyramid = imagePyramid(pass, config, images);
  const rpn = regionScores(pass, config, pyramid);
  const values = pyramidAnchors(config, size);
  const anchors = tf.tensor2d(values, [values.length / 4, 4]);
  const foreground = tf.softmax(rpn.logits).squeeze<tf.Tensor2D>([0]).slice([0, 1], [-1, 1]);
  const best = tf.topk<tf.Tensor1D>(
    foreground.squeeze<tf.Tensor1D>([1]),
    Math.min(count, anchors.shape[0]),
  );
  const { boxes: rois } = regionProposals({
    config,
    rpn,
    anchors,
    count: config.postNmsRoisInference,
  });
  const head = classHead(pass, pyramid.levels, {
    rois,
    imageSize: size,
    poolSize: config.poolSize,
  });
  return {
    anchorScores: best.values,
    anchorBoxes: tf.gather(anchors, best.indices),
    anchorDeltas: tf.gather(rpn.deltas.squeeze<tf.Tensor2D>([0]), best.indices),
    rois,
    probabilities: tf.softmax(head.logits),
    deltas: head.deltas,
  };
}

function toView(numbers: Numbers, { config, image }: NetworkViewOptions): NetworkView {
  const size: Size = [image.height, image.width];
  const pixels = (boxes: BoxArray) => {
    const rounded = denormBoxes(boxes, size);
    return (index: number): Box => {
      const [y1 = 0, x1 = 0, y2 = 0, x2 = 0] = rounded.subarray(4 * index, 4 * index + 4);
      return [y1, x1, y2, x2];
    };
  };
  const anchor = pixels(numbers.anchorBoxes);
  const moved = scaled(numbers.anchorDeltas, config.rpnBboxStdDev);
  const refinedAnchor = pixels(applyBoxDeltas(numbers.anchorBoxes, moved));
  const classes = likeliest(numbers.probabilities, config.numClasses);
  const chosen = Float32Array.from(numbers.rois, (_, i) => {
    const roi = Math.floor(i / 4);
    return (
      numbers.deltas[4 * (roi * config.numClasses + (classes[roi]?.classId ?? 0)) + (i % 4)] ?? 0
    );
  });
  const roi = pixels(numbers.rois);
  const window = normBoxes(Float64Array.from(image.window), size);
  const refined = pixels(
    applyBoxDeltas(numbers.rois, scaled(chosen, config.bboxStdDev)).map((value, i) =>
      Math.min(Math.max(value, window[i % 2] ?? 0), window[2 + (i % 2)] ?? 1),
    ),
  );
  return {
    anchors: Array.from(numbers.anchorScores, (score, index) => ({
      box: anchor(index),
      refined: refinedAnchor(index),
      score,
    })),
    rois: classes.flatMap(({ classId, score }, index) =>
      numbers.rois.subarray(4 * index, 4 * index + 4).some((value) => value !== 0)
        ? [{ box: roi(index), refined: refined(index), classId, score }]
        : [],
    ),
  };
}

const scaled = (deltas: Float32Array, deviations: readonly number[]) =>
  deltas.map((delta, i) => delta * (deviations[i % 4] ?? 1));

function likeliest(probabilities: Float32Array, classes: number) {
  return Array.from({ length: probabilities.length / classes }, (_, roi) => {
    const row = probabilities.subarray(roi * classes, (roi + 1) * classes);
    const score = row.reduce((a, b) => Math.max(a, b), 0);
    return { classId: row.indexOf(score), score };
  });
}
