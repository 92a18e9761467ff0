import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { printGraph } from '../../graph/print-graph.ts';
import { trace } from '../../graph/trace.ts';

describe('printGraph', () => {
  it('shows a train step as text', () => {
    const w = tf.variable(tf.tensor1d([1, 2]), true, 'dense/kernel');
    const unused = tf.variable(tf.scalar(0), true, 'unused');

    const graph = trace(
      ({ x, rate }) => {
        const loss = (): tf.Scalar => x.mul(w).square().sum();
        const { value, grads } = tf.variableGrads(loss, [w]);
        const step = (grads[w.name] ?? tf.zerosLike(w)).mul(rate);
        return { outputs: { loss: value }, updates: new Map([[w, w.sub(step)]]) };
      },
      {
        inputs: { x: { shape: [2], dtype: 'float32' }, rate: { shape: [], dtype: 'float32' } },
        variables: [w, unused],
      },
    );

    expect(printGraph(graph)).toMatchInlineSnapshot(`
     "function(x: float32[2], rate: float32[]) {
       read_dense_kernel_0 = variable dense/kernel : float32[2]
       Mul_0 = Mul(x, read_dense_kernel_0) {T=float32} : float32[2]
       Square_0 = Square(Mul_0) {T=float32} : float32[2]
       const_0 = constant [0] : int32[1]
       Sum_0 = Sum(Square_0, const_0) {T=float32 Tidx=int32 keep_dims=false} : float32[]
       const_1 = constant 1 : float32[]
       const_2 = constant [1] : int32[1]
       Reshape_0 = Reshape(const_1, const_2) {T=float32 Tshape=int32} : float32[1]
       const_3 = constant [1,1] : float32[2]
       Mul_1 = Mul(Reshape_0, const_3) {T=float32} : float32[2]
       Cast_0 = Cast(Mul_0) {DstT=float32 SrcT=float32 Truncate=false} : float32[2]
       const_4 = constant 2 : float32[]
       Mul_2 = Mul(Cast_0, const_4) {T=float32} : float32[2]
       Mul_3 = Mul(Mul_1, Mul_2) {T=float32} : float32[2]
       Cast_1 = Cast(x) {DstT=float32 SrcT=float32 Truncate=false} : float32[2]
       Mul_4 = Mul(Mul_3, Cast_1) {T=float32} : float32[2]
       Mul_5 = Mul(Mul_4, rate) {T=float32} : float32[2]
       Sub_0 = Sub(read_dense_kernel_0, Mul_5) {T=float32} : float32[2]
       return loss = Sum_0
       update dense/kernel = Sub_0
     }"
    `);
    w.dispose();
    unused.dispose();
  });

  it('shows constants of each dtype, several outputs and long lists', () => {
    const graph = trace(
      ({ x }) => ({
        outputs: {
          top: tf.topk(x, 2).indices,
          flags: tf.logicalNot(tf.tensor1d([true, false], 'bool')),
          words: tf.tensor1d(['naevus', '痣'], 'string'),
          many: tf.mul(tf.range(0, 20, 1, 'int32'), tf.scalar(2, 'int32')),
        },
      }),
      { inputs: { x: { shape: [3], dtype: 'float32' } }, variables: [] },
    );

    expect(printGraph(graph)).toMatchInlineSnapshot(`
     "function(x: float32[3]) {
       const_0 = constant 2 : int32[]
       TopKV2_0 = TopKV2(x, const_0) {T=float32 sorted=true} : float32[2], int32[2]
       const_1 = constant [true,false] : bool[2]
       LogicalNot_0 = LogicalNot(const_1) : bool[2]
       const_2 = constant 0 : int32[]
       const_3 = constant 20 : int32[]
       const_4 = constant 1 : int32[]
       Range_0 = Range(const_2, const_3, const_4) {Tidx=int32} : int32[20]
       const_5 = constant 2 : int32[]
       Mul_0 = Mul(Range_0, const_5) {T=int32} : int32[20]
       const_6 = constant ["naevus","痣"] : string[2]
       return top = TopKV2_0:1
       return flags = LogicalNot_0
       return words = const_6
       return many = Mul_0
     }"
    `);
  });
});
