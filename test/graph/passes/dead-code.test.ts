import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { removeDeadCode } from '../../../graph/passes/dead-code.ts';
import { printGraph } from '../../../graph/print-graph.ts';
import { trace } from '../../../graph/trace.ts';
import { runGraph } from '../support/run-graph.ts';

const VECTOR = { shape: [2], dtype: 'float32' } as const;

describe('removeDeadCode', () => {
  it('keeps what outputs, updates and the guard need, and inputs', () => {
    const w = tf.variable(tf.tensor1d([1, 2]), true, 'dead/w');
    const unused = tf.variable(tf.scalar(7), true, 'dead/unused');
    const graph = trace(
      ({ x }) => {
        x.mul(unused).exp();
        const guard = tf.all(tf.isFinite(x));
        return { outputs: { y: x.square() }, updates: new Map([[w, w.add(x)]]), guard };
      },
      { inputs: { x: VECTOR, ignored: VECTOR }, variables: [w, unused] },
    );
    const feeds = { x: tf.tensor1d([3, 4]), ignored: tf.zeros([2]) };
    const variables = [w, unused];

    const kept = removeDeadCode(graph);

    expect(printGraph(kept)).toMatchInlineSnapshot(`
     "function(x: float32[2], ignored: float32[2]) {
       IsFinite_0 = IsFinite(x) {T=float32} : bool[2]
       const_0 = constant [0] : int32[1]
       All_0 = All(IsFinite_0, const_0) {Tidx=int32 keep_dims=false} : bool[]
       Square_0 = Square(x) {T=float32} : float32[2]
       read_dead_w_0 = variable dead/w : float32[2]
       Add_0 = Add(read_dead_w_0, x) {T=float32} : float32[2]
       return y = Square_0
       update dead/w = Add_0 if All_0
     }"
    `);
    expect(kept.nodes.map(({ name }) => name)).toContain('ignored');
    expect(runGraph(kept, { feeds, variables })).toEqual({ y: [9, 16], 'dead/w': [4, 6] });
    tf.dispose([w, unused]);
  });
});
