/** All passes together, on a step that trains one layer above a frozen one. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { FunctionGraph } from '../../../graph/graph.ts';
import { optimise } from '../../../graph/passes/optimise.ts';
import { trace } from '../../../graph/trace.ts';
import { convolutionNorm } from '../../../maskrcnn/layers/convolution.ts';
import type { ForwardPass } from '../../../maskrcnn/layers/forward-pass.ts';
import { noTape } from '../../../maskrcnn/layers/no-tape.ts';
import { runGraph } from '../support/run-graph.ts';

const ops = ({ nodes }: FunctionGraph, name: string): number =>
  nodes.filter((node) => node.kind === 'op' && node.op === name).length;

describe('optimise', () => {
  it('folds the frozen norm, orders the sums, and trains the same', () => {
    const make = (name: string, value: tf.Tensor) => tf.variable(value, true, name);
    const weights = new Map(
      Object.entries({
        'c/kernel': tf.randomNormal([1, 1, 3, 4], 0, 1, 'float32', 1),
        'c/bias': tf.randomNormal([4], 0, 1, 'float32', 2),
        'n/gamma': tf.randomNormal([4], 1, 0.2, 'float32', 3),
        'n/beta': tf.randomNormal([4], 0, 1, 'float32', 4),
        'n/moving_mean': tf.randomNormal([4], 0, 1, 'float32', 5),
        'n/moving_variance': tf.randomUniform([4], 0.5, 2, 'float32', 6),
        head: tf.randomNormal([4, 1], 0, 1, 'float32', 7),
      }).map(([name, value]) => [name, make(name, value)]),
    );
    const head = weights.get('head') as tf.Variable;
    const pass = {
      weight: (name: string) => weights.get(name),
      statisticsOf: () => 'stored',
      trains: () => false,
    } as unknown as ForwardPass;
    const variables = [...weights.values()];
    const graph = trace(
      ({ x }) => {
        const features = noTape(() =>
          tf.relu(convolutionNorm(pass, { layer: 'c', norm: 'n' }, x as tf.Tensor4D)),
        );
        const rows = features.reshape([64, 4]);
        const loss = () =>
          tf.matMul(rows, head).square().mean().add<tf.Scalar>(head.square().sum());
        const { value, grads } = tf.variableGrads(loss, [head]);
        const step = (grads['head'] as tf.Tensor).mul(0.1);
        return {
          outputs: { loss: value },
          updates: new Map([[head, head.sub(step)]]),
          guard: tf.isFinite(value),
        };
      },
      { inputs: { x: { shape: [1, 8, 8, 3], dtype: 'float32' } }, variables },
    );
    const feeds = { x: tf.randomNormal([1, 8, 8, 3], 0, 1, 'float32', 8) };

    const optimised = optimise(graph);

    expect(ops(optimised, 'FusedBatchNormV3')).toBe(0);
    expect(ops(optimised, 'EnsureShape')).toBeGreaterThan(0);
    expect(Object.keys(optimised.inputs)).toEqual(['x']);
    const expected = runGraph(graph, { feeds, variables });
    const given = runGraph(optimised, { feeds, variables });
    expect(Object.keys(given)).toEqual(['loss', 'head']);
    for (const [name, values] of Object.entries(expected)) {
      values.forEach((value, index) => expect(given[name]?.[index]).toBeCloseTo(value, 4));
    }
    tf.dispose(variables);
  });
});
