/** The RPN head at chosen anchors gives what the head over the whole pyramid gives there, and its gradients. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { inferencePass } from '../../../maskrcnn/layers/forward-pass.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import { rpnHead } from '../../../maskrcnn/rpn/head.ts';
import { rpnHeadAt } from '../../../maskrcnn/rpn/head-at-anchors.ts';
import { sampledAnchors } from '../../../maskrcnn/training/sampled-anchors.ts';
import { tinyConfig } from '../export/tiny-model.ts';

const BATCH = 2;
const CHANNELS = 64;

/** P2…P6 of a picture that is not square. */
function pyramid(): tf.Tensor4D[] {
  return [4, 8, 16, 32, 64].map((stride, seed) =>
    tf.randomNormal([BATCH, 128 / stride, 192 / stride, CHANNELS], 0, 1, 'float32', seed + 1),
  );
}

const WEIGHTS = ['rpn_conv_shared', 'rpn_class_raw', 'rpn_bbox_pred'].flatMap((layer) => [
  `${layer}/kernel`,
  `${layer}/bias`,
]);

describe.each([1, 2])('with an anchor at every %s. cell', (rpnAnchorStride) => {
  const config = tinyConfig({ rpnAnchorStride });
  /** In each image: the first and last anchors of every level, and some between them. */
  const anchorsOf = (total: number) => {
    const step = Math.floor(total / 97);
    const spread = Array.from({ length: 97 }, (_, i) => i * step);
    return [...spread, 0, total - 1, total - 2, total - 13, Math.floor(total * 0.9)];
  };
  const wanted = (total: number) => {
    const one = anchorsOf(total);
    return tf.tensor2d([one, [...one].reverse()], [BATCH, one.length], 'int32');
  };

  it('gives the same scores, refinements and gradients', () => {
    using parameters = Parameters.initialise(config, 3);
    const pass = inferencePass(parameters);
    const weights = WEIGHTS.map((name) => parameters.get(name));
    const [dense, sparse] = [true, false].map((everywhere) =>
      tf.tidy(() => {
        const levels = pyramid();
        const total = rpnHead(pass, levels, rpnAnchorStride).logits.shape[1];
        const indices = wanted(total);
        const outputs = () => {
          if (!everywhere) return rpnHeadAt(pass, { config, levels, anchorIndices: indices });
          const all = rpnHead(pass, levels, rpnAnchorStride);
          const chosen = (x: tf.Tensor3D, image: number) =>
            tf.gather(x.slice(image, 1).reshape([total, -1]), indices.slice(image, 1).flatten());
          return {
            logits: tf.stack([chosen(all.logits, 0), chosen(all.logits, 1)]),
            deltas: tf.stack([chosen(all.deltas, 0), chosen(all.deltas, 1)]),
          };
        };
        const { logits, deltas } = outputs();
        const { grads } = tf.variableGrads(() => {
          const { logits: l, deltas: d } = outputs();
          return tf.add(tf.sum(tf.square(l)), tf.sum(tf.sin(d)));
        }, weights);
        return [logits, deltas, ...weights.map(({ name }) => grads[name] as tf.Tensor)].map(
          (tensor) => Array.from(tensor.dataSync()),
        );
      }),
    ) as [number[][], number[][]];
    expect(dense[0]?.some((value) => Math.abs(value) > 0.1)).toBe(true);
    dense.forEach((values, index) => {
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const off = values.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - (sparse[index]?.[i] ?? 0))),
        0,
      );
      expect(off).toBeLessThan(largest * 1e-5);
    });
  });
});

describe('sampledAnchors', () => {
  it('lists the anchors that are not neutral by rising index, each image by itself', () => {
    const match = tf.tensor2d(
      [
        [0, -1, 0, 1, 0, -1],
        [1, 0, 0, 0, 0, 0],
      ],
      [2, 6],
      'int32',
    );
    const { indices, match: chosen } = sampledAnchors(match, { rpnTrainAnchorsPerImage: 3 });
    expect(chosen.arraySync()).toEqual([
      [-1, 1, -1],
      [1, 0, 0],
    ]);
    expect((indices.arraySync()[0] ?? []).slice(0, 3)).toEqual([1, 3, 5]);
    tf.dispose([match, indices, chosen]);
  });
});
