/** Trains a small convolutional net with a crop in it for some steps, and prints the hash of its weights. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../../graph/compile.ts';

const kernel = tf.variable(tf.randomNormal([3, 3, 3, 32], 0, 0.2, 'float32', 1), true, 'kernel');
const head = tf.variable(tf.randomNormal([3, 3, 32, 1], 0, 0.2, 'float32', 2), true, 'head');

using step = compile(
  ({ image, truth }) => {
    const loss = (): tf.Scalar => {
      const features = tf.relu(tf.conv2d(image as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'same'));
      const logits = tf.conv2d(features, head as tf.Tensor4D, 1, 'same');
      return logits.sub(truth).square().mean();
    };
    const { value, grads } = tf.variableGrads(loss, [kernel, head]);
    const updates = [kernel, head].map((variable) => {
      const gradient = grads[variable.name] ?? tf.zerosLike(variable);
      return [variable, variable.sub(gradient.mul(0.05))] as const;
    });
    return { outputs: { loss: value }, updates: new Map<tf.Variable, tf.Tensor>(updates) };
  },
  {
    inputs: {
      image: { shape: [2, 64, 64, 3], dtype: 'float32' },
      truth: { shape: [2, 64, 64, 1], dtype: 'float32' },
    },
    variables: [kernel, head],
  },
);

const image = tf.randomNormal([2, 64, 64, 3], 0, 1, 'float32', 3);
const truth = tf.randomNormal([2, 64, 64, 1], 0, 1, 'float32', 4);
for (let index = 0; index < 10; index += 1) step.run({ image, truth }).loss.dispose();
const hash = createHash('sha256');
for (const variable of [kernel, head]) {
  const values = step.read(variable).dataSync();
  hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
console.log(hash.digest('hex'));
