import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { FunctionGraph, OpNode } from '../../../graph/graph.ts';
import { shareSubexpressions } from '../../../graph/passes/common-subexpressions.ts';
import { printGraph } from '../../../graph/print-graph.ts';
import { trace } from '../../../graph/trace.ts';
import { runGraph } from '../support/run-graph.ts';

const VECTOR = { shape: [2], dtype: 'float32' } as const;

function opsOf({ nodes }: FunctionGraph): string[] {
  return nodes.flatMap((node) => (node.kind === 'op' ? [node.op] : []));
}

/** The graph with the op called `name` copied once more, read by an output of its own. */
function withCopy(graph: FunctionGraph, change: (node: OpNode) => OpNode): FunctionGraph {
  const last = graph.nodes.at(-1);
  if (last?.kind !== 'op') throw new Error('the last node must be an op');
  const copy = change({ ...last, name: 'copy' });
  const outputs = { ...graph.outputs, copy: { node: 'copy', output: 0 } };
  return { ...graph, nodes: [...graph.nodes, copy], outputs };
}

describe('shareSubexpressions', () => {
  it('computes equal expressions once, to the last reader', () => {
    const w = tf.variable(tf.tensor1d([1, 2]), true, 'shared/w');
    const graph = trace(
      ({ x }) => {
        const [first, second] = [x.mul(tf.scalar(3)).exp(), x.mul(tf.scalar(3)).exp()];
        return {
          outputs: { first, second, sum: first.add(second) },
          updates: new Map([[w, second]]),
        };
      },
      { inputs: { x: VECTOR }, variables: [w] },
    );
    const run = { feeds: { x: tf.tensor1d([0.1, 0.2]) }, variables: [w] };

    const shared = shareSubexpressions(graph);

    expect(printGraph(shared)).toMatchInlineSnapshot(`
     "function(x: float32[2]) {
       const_0 = constant 3 : float32[]
       Mul_0 = Mul(x, const_0) {T=float32} : float32[2]
       Exp_0 = Exp(Mul_0) {T=float32} : float32[2]
       Add_0 = Add(Exp_0, Exp_0) {T=float32} : float32[2]
       return first = Exp_0
       return second = Exp_0
       return sum = Add_0
       update shared/w = Exp_0
     }"
    `);
    expect(runGraph(shared, run)).toEqual(runGraph(graph, run));
    w.dispose();
  });

  it('reads a variable once, with the value from before the update', () => {
    const w = tf.variable(tf.tensor1d([1, 2]), true, 'read/w');
    const read = { kind: 'variable', variable: 'read/w', type: VECTOR } as const;
    const ref = (node: string) => ({ node, output: 0 });
    const graph: FunctionGraph = {
      nodes: [
        { ...read, name: 'a' },
        { ...read, name: 'b' },
        {
          kind: 'op',
          name: 'sum',
          op: 'AddV2',
          inputs: [ref('a'), ref('b')],
          attributes: { T: { kind: 'type', value: 'float32' } },
          outputs: [VECTOR],
        },
      ],
      inputs: {},
      outputs: { old: ref('b') },
      updates: { 'read/w': ref('sum') },
    };

    const shared = shareSubexpressions(graph);

    expect(shared.nodes.map(({ name }) => name)).toEqual(['a', 'sum']);
    expect(runGraph(shared, { variables: [w] })).toEqual({ old: [1, 2], 'read/w': [2, 4] });
    w.dispose();
  });

  it('tells constants apart by type and bytes', () => {
    const graph = trace(
      () => ({
        outputs: {
          zero: tf.scalar(0),
          negative: tf.scalar(-0),
          integer: tf.scalar(0, 'int32'),
          vector: tf.tensor1d([0]),
          again: tf.scalar(0),
          words: tf.tensor1d(['ab', 'c'], 'string'),
          others: tf.tensor1d(['a', 'bc'], 'string'),
        },
      }),
      { inputs: {}, variables: [] },
    );

    const { nodes, outputs } = shareSubexpressions(graph);

    expect(nodes).toHaveLength(graph.nodes.length - 1);
    expect(outputs['again']).toEqual(outputs['zero']);
  });

  it.each<[string, (node: OpNode) => OpNode]>([
    [
      'another attribute',
      (node) => ({
        ...node,
        attributes: { ...node.attributes, more: { kind: 'float', value: -0 } },
      }),
    ],
    ['other inputs', (node) => ({ ...node, inputs: [...node.inputs].reverse() })],
    ['other results', (node) => ({ ...node, outputs: [{ dtype: 'float32', shape: [1, 2] }] })],
    ['a field that is not known here', (node) => Object.assign({ after: ['x'] }, node)],
  ])('keeps an op with %s', (_, change) => {
    const graph = trace(({ x, y }) => ({ outputs: { z: x.sub(y) } }), {
      inputs: { x: VECTOR, y: VECTOR },
      variables: [],
    });

    expect(opsOf(shareSubexpressions(withCopy(graph, (node) => node)))).toEqual(['Sub']);
    expect(opsOf(shareSubexpressions(withCopy(graph, change)))).toEqual(['Sub', 'Sub']);
  });

  it('tells infinities in attributes apart', () => {
    const graph = trace(({ x }) => ({ outputs: { y: x.neg() } }), {
      inputs: { x: VECTOR },
      variables: [],
    });
    const limited = (value: number) => (node: OpNode) => ({
      ...node,
      attributes: { limit: { kind: 'float', value } } as const,
    });
    const start = {
      ...graph,
      nodes: graph.nodes.map((node) => (node.kind === 'op' ? limited(Infinity)(node) : node)),
    };

    expect(opsOf(shareSubexpressions(withCopy(start, (node) => node)))).toHaveLength(1);
    expect(opsOf(shareSubexpressions(withCopy(start, limited(-Infinity))))).toHaveLength(2);
  });

  it('draws each random value by itself', () => {
    const graph = trace(
      ({ x }) => ({
        outputs: {
          a: tf.multinomial(x as tf.Tensor1D, 5, 1),
          b: tf.multinomial(x as tf.Tensor1D, 5, 1),
        },
      }),
      { inputs: { x: VECTOR }, variables: [] },
    );

    const draws = opsOf(shareSubexpressions(graph)).filter((op) => op === 'Multinomial');
    expect(draws).toHaveLength(2);
  });
});
