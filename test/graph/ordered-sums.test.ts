/** Sums round as they are written, whichever buffers TensorFlow could add into. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../graph/compile.ts';
import type { OpNode } from '../../graph/graph.ts';

/** 1 + 1e8 rounds to 1e8 in float32: in the order written the sum is 0, in the other it is 1. */
const TERMS = [1, 1e8, -1e8];

function compiledSum(add: (terms: tf.Tensor[]) => tf.Tensor) {
  return compile(
    ({ terms, one }) => {
      const scaled = tf.unstack(tf.mul(terms, one)).map((term) => tf.mul(term, one));
      // What is fetched keeps its buffer: only the last term's can be added into.
      const [first, second] = scaled as [tf.Tensor, tf.Tensor];
      return { outputs: { sum: add(scaled), first, second } };
    },
    {
      inputs: {
        terms: { shape: [3, 4096], dtype: 'float32' },
        one: { shape: [], dtype: 'float32' },
      },
      variables: [],
    },
  );
}

function valueOf(program: ReturnType<typeof compiledSum>): number {
  return tf.tidy(() => {
    const terms = tf.tile(tf.tensor2d(TERMS, [3, 1]), [1, 4096]);
    return program.run({ terms, one: tf.scalar(1) }).sum.dataSync()[7] ?? Number.NaN;
  });
}

const addN = (terms: tf.Tensor[]) => tf.addN(terms);
const chain = ([a, b, c]: tf.Tensor[]) =>
  tf.add(tf.add(a as tf.Tensor, b as tf.Tensor), c as tf.Tensor);

describe('a compiled sum of three', () => {
  it.each([
    ['a chain of additions', chain],
    ['addN', addN],
  ])('keeps the order of %s', (_, add) => {
    using program = compiledSum(add);
    expect(valueOf(program)).toBe(0);
  });

  it.each([
    ['a chain of additions', chain],
    ['addN', addN],
  ])('hides the terms of %s from an optimizer that would merge them', (_, add) => {
    using program = compiledSum(add);
    const { nodes } = program.graph;
    const sums = nodes.filter((node) => node.kind === 'op' && /^Add/.test(node.op)) as OpNode[];
    const sources = sums.flatMap(({ inputs }) =>
      inputs.map((ref) => nodes.find(({ name }) => name === ref.node)),
    );
    expect(sums.map(({ op }) => op)).not.toContain('AddN');
    expect(sources).toHaveLength(4);
    expect(sources).toEqual(sources.map(() => expect.objectContaining({ op: 'EnsureShape' })));
  });
});
