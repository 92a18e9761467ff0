import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { FunctionGraph } from '../../../graph/graph.ts';
import { foldBatchNorm } from '../../../graph/passes/fold-batch-norm.ts';
import { printGraph } from '../../../graph/print-graph.ts';
import { trace } from '../../../graph/trace.ts';
import { convolution, convolutionNorm } from '../../../maskrcnn/layers/convolution.ts';
import { denseNorm } from '../../../maskrcnn/layers/dense.ts';
import type { ForwardPass } from '../../../maskrcnn/layers/forward-pass.ts';
import { normaliseByChannel } from '../../../maskrcnn/layers/batch-norm.ts';
import { rawOutputs } from '../../../maskrcnn/layers/raw-op.ts';
import { relu } from '../../../maskrcnn/layers/relu.ts';
import { runGraph } from '../support/run-graph.ts';

const NAMES = { layer: 'layer', norm: 'norm' };
const IMAGE = [1, 4, 5, 3];
const ROWS = [20, 3];

/** Weights of one layer and its norm, none of them symmetric. */
function layer(kernel: number[], statistics: 'stored' | 'batch' = 'stored') {
  const channels = kernel.at(-1) ?? 1;
  const weights: Record<string, tf.Tensor> = {
    'layer/kernel': tf.randomNormal(kernel, 0, 1, 'float32', 1),
    'layer/bias': tf.randomNormal([channels], 0, 1, 'float32', 2),
    'norm/gamma': tf.randomNormal([channels], 1, 0.5, 'float32', 3),
    'norm/beta': tf.randomNormal([channels], 0, 1, 'float32', 4),
    'norm/moving_mean': tf.randomNormal([channels], 0, 1, 'float32', 5),
    'norm/moving_variance': tf.randomUniform([channels], 0.1, 2, 'float32', 6),
  };
  const variables = new Map(
    Object.entries(weights).map(([name, value]) => [name, tf.variable(value, true, name)]),
  );
  const pass = {
    weight: (name: string) => variables.get(name),
    statisticsOf: () => statistics,
    trains: () => false,
  } as unknown as ForwardPass;
  return { pass, variables: [...variables.values()] };
}

function traced(
  shape: number[],
  kernel: number[],
  fn: (pass: ForwardPass, x: tf.Tensor) => Record<string, tf.Tensor>,
  statistics: 'stored' | 'batch' = 'stored',
) {
  const { pass, variables } = layer(kernel, statistics);
  const graph = trace(({ x }) => ({ outputs: fn(pass, x) }), {
    inputs: { x: { shape, dtype: 'float32' } },
    variables,
  });
  return { graph, variables, feeds: { x: tf.randomNormal(shape, 0, 1, 'float32', 7) } };
}

const norms = ({ nodes }: FunctionGraph): number =>
  nodes.filter((node) => node.kind === 'op' && node.op === 'FusedBatchNormV3').length;

/** The same values, to rounding, from the graph with its norm folded. */
function expectEqualValues({ graph, feeds, variables }: ReturnType<typeof traced>): void {
  const expected = runGraph(graph, { feeds, variables });
  const given = runGraph(foldBatchNorm(graph), { feeds, variables });
  for (const [name, values] of Object.entries(expected)) {
    expect(values.length).toBeGreaterThan(0);
    values.forEach((value, index) => expect(given[name]?.[index]).toBeCloseTo(value, 4));
  }
}

describe('foldBatchNorm', () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => {
    tf.engine().endScope();
    tf.disposeVariables();
  });

  it('lets a convolution with bias apply the norm', () => {
    const all = traced(IMAGE, [1, 1, 3, 6], (pass, x) => ({
      y: relu(normaliseByChannel(pass, 'norm', convolution(pass, 'layer', x as tf.Tensor4D))),
    }));

    expect(printGraph(foldBatchNorm(all.graph))).toMatchInlineSnapshot(`
     "function(x: float32[1,4,5,3]) {
       read_layer_kernel_0 = variable layer/kernel : float32[1,1,3,6]
       read_layer_bias_0 = variable layer/bias : float32[6]
       read_norm_gamma_0 = variable norm/gamma : float32[6]
       read_norm_beta_0 = variable norm/beta : float32[6]
       read_norm_moving_mean_0 = variable norm/moving_mean : float32[6]
       read_norm_moving_variance_0 = variable norm/moving_variance : float32[6]
       FusedBatchNormV3_0/epsilon = constant 0.001 : float32[]
       FusedBatchNormV3_0/variance = AddV2(read_norm_moving_variance_0, FusedBatchNormV3_0/epsilon) {T=float32} : float32[6]
       FusedBatchNormV3_0/deviation = Sqrt(FusedBatchNormV3_0/variance) {T=float32} : float32[6]
       FusedBatchNormV3_0/scale = RealDiv(read_norm_gamma_0, FusedBatchNormV3_0/deviation) {T=float32} : float32[6]
       FusedBatchNormV3_0/centred = Sub(read_layer_bias_0, read_norm_moving_mean_0) {T=float32} : float32[6]
       FusedBatchNormV3_0/scaled = Mul(FusedBatchNormV3_0/centred, FusedBatchNormV3_0/scale) {T=float32} : float32[6]
       FusedBatchNormV3_0/offset = AddV2(FusedBatchNormV3_0/scaled, read_norm_beta_0) {T=float32} : float32[6]
       FusedBatchNormV3_0/kernel = Mul(read_layer_kernel_0, FusedBatchNormV3_0/scale) {T=float32} : float32[1,1,3,6]
       Conv2D_0 = Conv2D(x, FusedBatchNormV3_0/kernel) {T=float32 data_format=NHWC dilations=[1,1,1,1] padding=SAME strides=[1,1,1,1] use_cudnn_on_gpu=true} : float32[1,4,5,6]
       FusedBatchNormV3_0 = BiasAdd(Conv2D_0, FusedBatchNormV3_0/offset) {T=float32 data_format=NHWC} : float32[1,4,5,6]
       Relu_0 = Relu(FusedBatchNormV3_0) {T=float32} : float32[1,4,5,6]
       return y = Relu_0
     }"
    `);
    expectEqualValues(all);
  });

  it('takes a convolution without bias, strides and windows', () => {
    const all = traced([1, 16, 16, 3], [3, 3, 3, 6], (pass, x) => ({
      y: normaliseByChannel(
        pass,
        'norm',
        tf.conv2d(x as tf.Tensor4D, pass.weight('layer/kernel') as tf.Tensor4D, 2, 'same'),
      ),
    }));

    expect(norms(foldBatchNorm(all.graph))).toBe(0);
    expectEqualValues(all);
  });

  it('takes a matrix product through its image of one pixel', () => {
    const all = traced(ROWS, [3, 6], (pass, x) => ({
      y: denseNorm(pass, NAMES, x as tf.Tensor2D),
    }));

    expect(norms(all.graph)).toBe(1);
    expect(norms(foldBatchNorm(all.graph))).toBe(0);
    expectEqualValues(all);
  });

  it('follows weights that change between calls', () => {
    const all = traced(IMAGE, [1, 1, 3, 6], (pass, x) => ({
      y: convolutionNorm(pass, NAMES, x as tf.Tensor4D),
    }));
    for (const variable of all.variables) variable.assign(variable.mul(2).add(0.5));

    expectEqualValues(all);
  });

  it.each<[string, Parameters<typeof traced>]>([
    [
      'statistics of the batch',
      [
        IMAGE,
        [1, 1, 3, 6],
        (pass, x) => ({ y: convolutionNorm(pass, NAMES, x as tf.Tensor4D) }),
        'batch',
      ],
    ],
    [
      'another reader before the norm',
      [
        IMAGE,
        [1, 1, 3, 6],
        (pass, x) => {
          const before = convolution(pass, 'layer', x as tf.Tensor4D);
          return { y: normaliseByChannel(pass, 'norm', before), before: before.exp() };
        },
      ],
    ],
    [
      'an output before the norm',
      [
        IMAGE,
        [1, 1, 3, 6],
        (pass, x) => {
          const before = convolution(pass, 'layer', x as tf.Tensor4D);
          return { y: normaliseByChannel(pass, 'norm', before), before };
        },
      ],
    ],
    [
      'a gradient through the norm',
      [
        IMAGE,
        [1, 1, 3, 6],
        (pass, x) => ({
          dx: tf.grad((image) =>
            convolutionNorm(pass, NAMES, image as tf.Tensor4D)
              .square()
              .sum(),
          )(x),
        }),
      ],
    ],
    [
      'a use of the other results of the norm',
      [
        IMAGE,
        [1, 1, 3, 6],
        (pass, x) => {
          const vectors = ['gamma', 'beta', 'moving_mean', 'moving_variance'];
          const [y, mean] = rawOutputs(
            {
              op: 'FusedBatchNormV3',
              attributes: {
                T: 'float32',
                U: 'float32',
                epsilon: 1e-3,
                data_format: 'NHWC',
                exponential_avg_factor: 1,
                is_training: false,
              },
              inputs: [
                convolution(pass, 'layer', x as tf.Tensor4D),
                ...vectors.map((name) => pass.weight(`norm/${name}`)),
              ],
            },
            6,
          ) as [tf.Tensor, tf.Tensor];
          return { y, mean };
        },
      ],
    ],
    [
      'a sum of a whole image before the norm',
      [
        [1, 4, 5, 6],
        [1, 1, 6, 6],
        (pass, x) => ({
          y: normaliseByChannel(
            pass,
            'norm',
            tf.add(
              tf.conv2d(x as tf.Tensor4D, pass.weight('layer/kernel') as tf.Tensor4D, 1, 'same'),
              x,
            ),
          ),
        }),
      ],
    ],
    [
      'a variable kernel larger than its features',
      [
        [1, 2, 2, 3],
        [3, 3, 3, 6],
        (pass, x) => ({ y: convolutionNorm(pass, NAMES, x as tf.Tensor4D) }),
      ],
    ],
    [
      'no product before it',
      [[1, 4, 5, 6], [1, 1, 6, 6], (pass, x) => ({ y: normaliseByChannel(pass, 'norm', x.exp()) })],
    ],
  ])('leaves a norm alone with %s', (_, args) => {
    const { graph } = traced(...args);

    expect(norms(graph)).toBe(1);
    expect(printGraph(foldBatchNorm(graph))).toBe(printGraph(graph));
  });

  it('folds a large kernel that is a constant, which is scaled once', () => {
    const { graph, variables } = traced([1, 2, 2, 3], [3, 3, 3, 6], (pass, x) => ({
      y: convolutionNorm(pass, NAMES, x as tf.Tensor4D),
    }));
    const values = new Map(variables.map((variable) => [variable.name, variable.dataSync()]));
    const frozen: FunctionGraph = {
      ...graph,
      nodes: graph.nodes.map((node) => {
        const data = node.kind === 'variable' ? values.get(node.variable) : undefined;
        if (data === undefined || node.kind !== 'variable') return node;
        const { name, type } = node;
        return { kind: 'constant', name, type, data: new Uint8Array(data.buffer) } as const;
      }),
    };

    expect(norms(foldBatchNorm(frozen))).toBe(0);
  });
});
