import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { FunctionGraph } from '../../../graph/graph.ts';
import { foldConstants } from '../../../graph/passes/fold-constants.ts';
import { removeDeadCode } from '../../../graph/passes/dead-code.ts';
import { printGraph } from '../../../graph/print-graph.ts';
import { nodeBackend, type Binding } from '../../../graph/tensorflow.ts';
import { trace } from '../../../graph/trace.ts';
import { runGraph } from '../support/run-graph.ts';

const VECTOR = { shape: [2], dtype: 'float32' } as const;

function opsOf({ nodes }: FunctionGraph): string[] {
  return nodes.flatMap((node) => (node.kind === 'op' ? [node.op] : []));
}

describe('foldConstants', () => {
  it('computes what depends on no input, through several ops', () => {
    const graph = trace(
      ({ x }) => {
        const steps = tf.range(0, 4, 1, 'int32').toFloat().mul(tf.scalar(0.5));
        return { outputs: { y: x.add(tf.slice(steps, [1], [2])), above: steps.greater(0.6) } };
      },
      { inputs: { x: VECTOR }, variables: [] },
    );

    const folded = removeDeadCode(foldConstants(graph));

    expect(printGraph(folded)).toMatchInlineSnapshot(`
     "function(x: float32[2]) {
       Slice_0 = constant [0.5,1] : float32[2]
       Add_0 = Add(x, Slice_0) {T=float32} : float32[2]
       Greater_0 = constant [false,false,true,true] : bool[4]
       return y = Add_0
       return above = Greater_0
     }"
    `);
    const feeds = { x: tf.tensor1d([10, 20]) };
    expect(runGraph(folded, { feeds })).toEqual(runGraph(graph, { feeds }));
  });

  it('gives each used output of an op a constant of its own', () => {
    const graph = trace(
      ({ x }) => {
        const { values, indices } = tf.topk(tf.tensor1d([5, 9, 7]), 2);
        const [first, , third] = tf.unstack(
          tf.tensor2d([
            [1, 2],
            [3, 4],
            [5, 6],
          ]),
        ) as [tf.Tensor, tf.Tensor, tf.Tensor];
        return { outputs: { values: values.add(x), indices, first, third } };
      },
      { inputs: { x: VECTOR }, variables: [] },
    );

    const folded = foldConstants(graph);

    expect(opsOf(folded)).toEqual(['Add']);
    expect(runGraph(folded, { feeds: { x: tf.zeros([2]) } })).toEqual({
      values: [9, 7],
      indices: [1, 2],
      first: [1, 2],
      third: [5, 6],
    });
  });

  it('takes attributes of every kind back to TensorFlow', () => {
    const image = tf
      .tensor(
        Array.from({ length: 32 }, (_, i) => i),
        [1, 4, 4, 2],
      )
      .arraySync();
    const graph = trace(
      () => {
        const pixels = tf.tensor4d(image as number[][][][]);
        const kernel = tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]);
        return {
          outputs: {
            conv: tf.conv2d(pixels, kernel, 2, 'valid'),
            pooled: tf.maxPool(pixels, 2, 2, 'same'),
            sum: tf.sum(pixels, [1, 2], true),
            cast: pixels.toInt(),
            squeezed: tf.squeeze(tf.slice(pixels, 0, [1, 1, 4, 2]), [0, 1]),
          },
        };
      },
      { inputs: {}, variables: [] },
    );

    const folded = foldConstants(graph);

    expect(opsOf(folded)).toEqual([]);
    expect(runGraph(folded)).toEqual(runGraph(graph));
  });

  it('leaves alone what reads inputs or variables, random draws, and results above 16 MiB', () => {
    const w = tf.variable(tf.tensor1d([1, 2]), true, 'fold/w');
    const graph = trace(
      ({ x }) => ({
        outputs: {
          ofInput: x.exp(),
          ofVariable: w.exp(),
          drawn: tf.multinomial(tf.tensor1d([0.5, 0.5]), 3, 7),
          large: tf.tile(tf.tensor1d([1]), [2 ** 22 + 1]),
          small: tf.tile(tf.tensor1d([1]), [2 ** 22]),
        },
      }),
      { inputs: { x: VECTOR }, variables: [w] },
    );

    const kept = opsOf(foldConstants(graph));

    expect(kept.filter((op) => op === 'Exp')).toHaveLength(2);
    expect(kept.filter((op) => op === 'Multinomial')).toHaveLength(1);
    expect(kept.filter((op) => op === 'Tile')).toHaveLength(1);
    w.dispose();
  });

  it('leaves no tensor behind', () => {
    const graph = trace(() => ({ outputs: { y: tf.exp(tf.tensor1d([1, 2])) } }), {
      inputs: {},
      variables: [],
    });
    const backend = nodeBackend();
    const { binding } = backend;
    const made: number[] = [];
    const freed: number[] = [];
    backend.binding = Object.create(binding, {
      createTensor: {
        value: (...args: Parameters<Binding['createTensor']>) => {
          const id = binding.createTensor(...args);
          made.push(id);
          return id;
        },
      },
      executeOp: {
        value: (...args: Parameters<Binding['executeOp']>) => {
          const results = binding.executeOp(...args);
          made.push(...results.map(({ id }) => id));
          return results;
        },
      },
      deleteTensor: {
        value: (id: number) => {
          freed.push(id);
          binding.deleteTensor(id);
        },
      },
    }) as Binding;
    try {
      expect(opsOf(foldConstants(graph))).toEqual([]);
    } finally {
      backend.binding = binding;
    }
    expect(made).toHaveLength(2);
    expect(freed).toEqual(made);
  });
});
