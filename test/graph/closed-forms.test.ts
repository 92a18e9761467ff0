/** Every rule for output types against what TensorFlow gives for the same call. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { CLOSED_FORMS } from '../../graph/closed-forms.ts';
import { compile } from '../../graph/compile.ts';

const float = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;
const t4 = (tensor: tf.Tensor): tf.Tensor4D => tensor as tf.Tensor4D;

type Case = readonly [
  title: string,
  shapes: Readonly<Record<'a' | 'b', readonly number[]>>,
  fn: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
];

/** A gradient's type is checked with that of the value, since both are outputs of the graph. */
const gradients =
  (fn: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    tf.concat(
      tf
        .grads(fn)([a, b])
        .map((gradient) => gradient.flatten()),
    );

const conv =
  (stride: number, pad: 'same' | 'valid') =>
  (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    tf.conv2d(t4(a), t4(b), stride, pad);

const CASES: readonly Case[] = [
  ...(['same', 'valid'] as const).flatMap((pad) =>
    [1, 2, 3].flatMap((stride): Case[] => [
      [`conv ${pad} stride ${stride}`, { a: [2, 9, 8, 3], b: [3, 2, 3, 4] }, conv(stride, pad)],
      [
        `conv gradients ${pad} stride ${stride}`,
        { a: [2, 9, 8, 3], b: [3, 2, 3, 4] },
        gradients(conv(stride, pad)),
      ],
    ]),
  ),
  ['matMul', { a: [2, 3], b: [4, 3] }, (a, b) => tf.matMul(a, b, false, true)],
  ['matMul, transposed left', { a: [3, 2], b: [3, 4] }, (a, b) => tf.matMul(a, b, true)],
  ['batched matMul', { a: [5, 2, 3], b: [5, 4, 3] }, (a, b) => tf.matMul(a, b, false, true)],
  ['matMul gradients', { a: [2, 3], b: [3, 4] }, gradients((a, b) => tf.matMul(a, b))],
  ['broadcast', { a: [2, 1, 3], b: [4, 1] }, (a, b) => a.add(b).mul(b).sub(a).div(b.add(1))],
  ['comparison', { a: [2, 1], b: [3] }, (a, b) => tf.logicalAnd(a.less(b), a.notEqual(b))],
  ['integers', { a: [2, 1], b: [3] }, (a, b) => tf.floorDiv(a.toInt(), b.add(1).toInt())],
  ['unary', { a: [2, 3], b: [] }, (a, b) => tf.relu(a.exp().log1p()).square().softmax().add(b)],
  ['unary gradients', { a: [2, 3], b: [3] }, gradients((a, b) => tf.relu(a).mul(b.sqrt()))],
  [
    'crops',
    { a: [2, 8, 8, 3], b: [5, 4] },
    (a, b) => tf.image.cropAndResize(t4(a), b as tf.Tensor2D, tf.zeros([5], 'int32'), [7, 6]),
  ],
];

describe('output types', () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it.each(CASES)('%s: as TensorFlow', (_, { a: shapeA, b: shapeB }, fn) => {
    using compiled = compile(({ a, b }) => ({ outputs: { y: fn(a, b) } }), {
      inputs: { a: float(...shapeA), b: float(...shapeB) },
      variables: [],
    });
    const [a, b] = [tf.randomUniform([...shapeA]), tf.randomUniform([...shapeB])];

    const { y } = compiled.run({ a, b });

    const eager = fn(a, b);
    const op = compiled.graph.outputs['y']?.node;
    const node = compiled.graph.nodes.find(({ name }) => name === op);
    const traced = node?.kind === 'op' ? node.outputs[0] : undefined;
    expect(traced).toEqual({ dtype: eager.dtype, shape: eager.shape });
    expect([y.dtype, y.shape]).toEqual([eager.dtype, eager.shape]);
    const [given, expected] = [y.dataSync(), eager.dataSync()];
    given.forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? NaN, 4));
  });

  it('throws for shapes that do not fit, as TensorFlow would', () => {
    const inputs = { a: float(2), b: float(3) };

    expect(() =>
      compile(({ a, b }) => ({ outputs: { y: a.add(b) } }), { inputs, variables: [] }),
    ).toThrow(/broadcast/);
    expect(CLOSED_FORMS.size).toBeGreaterThan(40);
  });
});
