/** bfloat16 reaches products and what only passes activations on, and nothing else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../../graph/compile.ts';
import type { FunctionGraph, OpNode } from '../../../graph/graph.ts';
import { toBfloat16 } from '../../../graph/passes/bfloat16.ts';
import { printGraph } from '../../../graph/print-graph.ts';
import { trace } from '../../../graph/trace.ts';

const IMAGE = { shape: [1, 8, 8, 4], dtype: 'float32' } as const;

function network() {
  const kernel = (seed: number) => tf.randomNormal([3, 3, 4, 4], 0, 0.3, 'float32', seed);
  const variables = [kernel(1), kernel(2), tf.tensor1d([0.5, -0.5, 0.1, 0])].map((value, index) =>
    tf.variable(value, true, `v${String(index)}`),
  );
  const [first, second, bias] = variables as [tf.Variable, tf.Variable, tf.Variable];
  const loss = (x: tf.Tensor): tf.Scalar => {
    const conv = (input: tf.Tensor, w: tf.Variable) =>
      tf.conv2d(input as tf.Tensor4D, w as tf.Tensor as tf.Tensor4D, 1, 'same');
    const hidden = tf.relu(tf.add(conv(x, first), bias));
    return tf.mean(tf.square(tf.add(hidden, conv(hidden, second))));
  };
  const step = ({ x }: { readonly x: tf.Tensor }) => {
    const { value, grads } = tf.variableGrads(() => loss(x), variables);
    const updates = variables.map((w) => [w, tf.sub(w, tf.mul(grads[w.name] as tf.Tensor, 0.1))]);
    return { outputs: { loss: value }, updates: new Map(updates as [tf.Variable, tf.Tensor][]) };
  };
  return { variables, step, loss };
}

const opsIn = ({ nodes }: FunctionGraph, dtype: string): string[] =>
  nodes
    .filter((node): node is OpNode => node.kind === 'op' && node.outputs[0]?.dtype === dtype)
    .map(({ op }) => op);

describe('bfloat16', () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => {
    tf.engine().endScope();
    tf.disposeVariables();
  });

  it('casts at the edges of a chain of products, once for all readers', () => {
    const { variables, loss } = network();
    const graph = trace(({ x }) => ({ outputs: { loss: loss(x) } }), {
      inputs: { x: IMAGE },
      variables,
    });
    expect(opsIn(toBfloat16(graph), 'bfloat16')).toEqual([
      ...['Cast', 'Cast', 'Conv2D', 'Cast', 'Add', 'Relu'],
      ...['Cast', 'Conv2D', 'Add'],
    ]);
    expect(printGraph(toBfloat16(graph))).toContain('Square_0 = Square(Add_1/float32)');
  });

  it('leaves variables, losses and gradients of weights in float32', () => {
    const { variables, step } = network();
    const traced = trace(({ x }) => step({ x: x }), {
      inputs: { x: IMAGE },
      variables,
    });
    const graph = toBfloat16(traced);
    const typeOf = new Map(
      graph.nodes.map((node) => [node.name, node.kind === 'op' ? node.outputs[0] : node.type]),
    );
    const results = [...Object.values(graph.outputs), ...Object.values(graph.updates)];
    expect(results.map(({ node }) => typeOf.get(node)?.dtype)).toEqual([
      'float32',
      'float32',
      'float32',
      'float32',
    ]);
    const readersOfFilters = graph.nodes.filter(
      (node): node is OpNode =>
        node.kind === 'op' &&
        node.inputs.some((ref) => /^Conv2DBackpropFilter_\d+$/.test(ref.node)),
    );
    expect(readersOfFilters.map(({ op }) => op)).toEqual(['Cast', 'Cast']);
    expect(opsIn(graph, 'bfloat16')).not.toContain('Sum');
  });

  it('trains to nearly the same values', () => {
    const x = tf.randomNormal([...IMAGE.shape], 0, 1, 'float32', 9);
    const runs = (['float32', 'bfloat16'] as const).map((precision) => {
      const { variables, step } = network();
      using program = compile(({ x: input }) => step({ x: input }), {
        inputs: { x: IMAGE },
        variables,
        precision,
      });
      const losses = Array.from({ length: 20 }, () => program.run({ x }).loss.dataSync()[0] ?? NaN);
      variables.forEach((variable) => variable.dispose());
      return losses;
    });
    const [exact, rounded] = runs as [number[], number[]];
    expect(exact.at(-1)).toBeLessThan(0.8 * (exact[0] ?? 0));
    exact.forEach((loss, index) => {
      const off = Math.abs(loss - (rounded[index] ?? NaN)) / loss;
      expect(off).toBeLessThan(0.02);
    });
    expect(rounded).not.toEqual(exact);
  });
});
