/** Compiles a function with the cache in the folder that it is given, and prints what it gives. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../../graph/compile.ts';

const cache = { folder: process.argv[2] ?? '', key: 'shared' };
const inputs = { x: { shape: [], dtype: 'float32' } } as const;
for (let index = 0; index < 20; index += 1) {
  // Another key each second time: both processes read, write and replace all the while.
  const key = index % 2 === 0 ? cache.key : `${cache.key} ${String(index)}`;
  using compiled = compile(({ x }) => ({ outputs: { y: tf.mul(x, 2) } }), {
    inputs,
    variables: [],
    cache: { ...cache, key },
  });
  const x = tf.scalar(21);
  const { y } = compiled.run({ x });
  if (index === 19) console.log(String(y.dataSync()[0]));
  tf.dispose([x, y]);
}
