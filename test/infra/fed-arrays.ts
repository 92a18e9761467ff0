/**
 * Feeds arrays of JavaScript to a graph's variables, which then take other values: TensorFlow's own threads
 * let go of the arrays, several at a time.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../graph/compile.ts';

const VARIABLES = 2000;
const ROUNDS = 40;

const values = () => tf.tensor1d(new Float32Array(64).fill(1));
const variables = Array.from({ length: VARIABLES }, (_, index) =>
  tf.variable(values(), true, `v${String(index)}`),
);
using halve = compile(
  () => ({ outputs: {}, updates: new Map(variables.map((v) => [v, v.mul(0.5)])) }),
  { inputs: {}, variables },
);
for (let round = 0; round < ROUNDS; round++) {
  for (const variable of variables) tf.tidy(() => variable.assign(values()));
  halve.push();
  halve.release();
  halve.run({});
}
console.log('halved');
