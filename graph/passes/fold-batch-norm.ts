/**
 * Batch norm by stored statistics is a factor and an offset for each channel, which the convolution (or
 * matrix product) before it can apply itself:
 *
 *     norm(x * k + b) = x * (k s) + (b - mean) s + beta,   s = gamma / sqrt(variance + epsilon)
 *
 * as ops on the weights, so weights may change between calls. The offset is a `BiasAdd`, which TensorFlow
 * computes inside of the convolution's kernel, with the rectifier that follows. Left alone: what a gradient,
 * or anything but the norm, reads before the norm; variable kernels larger than the features they make.
 *
 * Source: Markuš, "Fusing batch normalization and convolution in runtime" (2018); values differ by rounding.
 *
 * Measured (Mask R-CNN, ResNet-50, 512², one class): 41 of detection's 59 norms in a session, whose median goes
 * from 0.62 s to 0.60–0.62 s; with constant weights 58, and 0.61 s; 37 in the train step of the heads.
 */
import type {
  Attribute,
  ConstantNode,
  FunctionGraph,
  GraphNode,
  OpNode,
  ValueRef,
  ValueType,
} from '../graph.ts';
import { outputTypes } from '../graph.ts';
import { tensorName } from '../lower.ts';
import { readersOf } from './references.ts';

const PRODUCTS: ReadonlySet<string> = new Set(['Conv2D', 'MatMul', 'BatchMatMulV2']);
const ADDITIONS: ReadonlySet<string> = new Set(['Add', 'AddV2', 'BiasAdd']);
const T: Attribute = { kind: 'type', value: 'float32' };
const NHWC: Attribute = { kind: 'string', value: 'NHWC' };

/** What leads to a norm, and is read by nothing else. */
interface NormalisedProduct {
  readonly norm: OpNode;
  readonly product: OpNode;
  readonly kernelType: ValueType;
  /** `[C]`. */
  readonly channels: ValueType;
  readonly addition?: { readonly node: OpNode; readonly bias: ValueRef };
  /** `[N, C]` → `[N, 1, 1, C]`: the norm knows images only. */
  readonly reshape?: OpNode;
}

export function foldBatchNorm(graph: FunctionGraph): FunctionGraph {
  const lookup = lookupOf(graph);
  const found = graph.nodes.flatMap((node) => normalisedProduct(node, lookup) ?? []);
  const byNorm = new Map(found.map((match) => [match.norm.name, match]));
  const moved = new Set(
    found.flatMap(({ product, addition, reshape }) =>
      [product, addition?.node, reshape].map((node) => node?.name),
    ),
  );
  return {
    ...graph,
    nodes: graph.nodes.flatMap((node): readonly GraphNode[] => {
      const match = byNorm.get(node.name);
      if (match !== undefined) return foldedNodes(match);
      return moved.has(node.name) ? [] : [node];
    }),
  };
}

interface Lookup {
  readonly typeOf: (ref: ValueRef | undefined) => ValueType | undefined;
  /** The op that gives `ref`, if `ref` is its first output and has one reader. */
  readonly soleSource: (ref: ValueRef | undefined) => OpNode | undefined;
  readonly isRead: (ref: ValueRef) => boolean;
  readonly isConstant: (ref: ValueRef | undefined) => boolean;
}

function lookupOf(graph: FunctionGraph): Lookup {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const readers = readersOf(graph);
  return {
    typeOf: (ref) => {
      const node = ref && nodes.get(ref.node);
      return node && outputTypes(node)[ref.output];
    },
    soleSource: (ref) => {
      if (ref?.output !== 0 || readers.get(tensorName(ref)) !== 1) return undefined;
      const node = nodes.get(ref.node);
      return node?.kind === 'op' ? node : undefined;
    },
    isRead: (ref) => readers.has(tensorName(ref)),
    isConstant: (ref) => ref !== undefined && nodes.get(ref.node)?.kind === 'constant',
  };
}

function normalisedProduct(norm: GraphNode, lookup: Lookup): NormalisedProduct | undefined {
  if (norm.kind !== 'op' || !isByStoredStatistics(norm)) return undefined;
  if (norm.outputs.some((_, output) => output > 0 && lookup.isRead({ node: norm.name, output }))) {
    return undefined;
  }
  const [image, gamma] = norm.inputs;
  const channels = lookup.typeOf(gamma);
  const before = lookup.soleSource(image);
  if (channels === undefined || before === undefined) return undefined;
  const reshape = keepsChannels(before, channels, lookup) ? before : undefined;
  const features = reshape === undefined ? before : lookup.soleSource(reshape.inputs[0]);
  const addition = features && additionOfBias(features, channels, lookup);
  const product = addition === undefined ? features : addition.product;
  const kernelType = lookup.typeOf(product?.inputs[1]);
  if (product === undefined || kernelType === undefined) return undefined;
  if (!isProductByChannel(product, kernelType)) return undefined;
  if (!paysOff(product, kernelType, lookup)) return undefined;
  return {
    norm,
    product,
    kernelType,
    channels,
    ...(addition && { addition }),
    ...(reshape && { reshape }),
  };
}

function isByStoredStatistics({ op, attributes }: OpNode): boolean {
  return (
    op === 'FusedBatchNormV3' &&
    attributes['is_training']?.value === false &&
    attributes['data_format']?.value === 'NHWC' &&
    attributes['T']?.value === 'float32'
  );
}

/** Does the kernel's last axis hold the channels? A rank of two says so of products of matrices. */
function isProductByChannel({ op, attributes }: OpNode, kernel: ValueType): boolean {
  switch (op) {
    case 'Conv2D':
      return attributes['data_format']?.value === 'NHWC';
    case 'MatMul':
      return attributes['transpose_b']?.value === false;
    case 'BatchMatMulV2':
      return kernel.shape.length === 2 && attributes['adj_y']?.value === false;
    default:
      return false;
  }
}

/** A kernel that is no constant is scaled in each call: no larger than what the norm would scale, then. */
function paysOff(product: OpNode, kernel: ValueType, { isConstant }: Lookup): boolean {
  const [result = kernel] = product.outputs;
  return isConstant(product.inputs[1]) || elements(kernel) <= elements(result);
}

function elements({ shape }: ValueType): number {
  return shape.reduce((product, size) => product * size, 1);
}

function keepsChannels({ op, inputs }: OpNode, channels: ValueType, { typeOf }: Lookup): boolean {
  return op === 'Reshape' && typeOf(inputs[0])?.shape.at(-1) === channels.shape[0];
}

function additionOfBias(node: OpNode, channels: ValueType, { typeOf, soleSource }: Lookup) {
  if (!ADDITIONS.has(node.op)) return undefined;
  const [left, right] = node.inputs as readonly [ValueRef, ValueRef];
  for (const [sum, bias] of [
    [left, right],
    [right, left],
  ] as const) {
    const product = soleSource(sum);
    const { shape = [] } = typeOf(bias) ?? {};
    if (product === undefined || !PRODUCTS.has(product.op)) continue;
    if (shape.length === 1 && shape[0] === channels.shape[0]) return { node, bias, product };
  }
  return undefined;
}

/** Stand where the norm stood, after its weights; the last has its name. */
function foldedNodes(match: NormalisedProduct): readonly GraphNode[] {
  const { norm, product, reshape } = match;
  const { nodes, kernel, offset } = foldedWeights(match);
  const [x] = product.inputs as readonly [ValueRef];
  const biased: OpNode = {
    kind: 'op',
    name: reshape === undefined ? norm.name : `${norm.name}/biased`,
    op: 'BiasAdd',
    inputs: [{ node: product.name, output: 0 }, offset],
    attributes: { T, data_format: NHWC },
    outputs: product.outputs,
  };
  const image = reshape && {
    ...reshape,
    name: norm.name,
    inputs: [{ node: biased.name, output: 0 }, ...reshape.inputs.slice(1)],
  };
  return [...nodes, { ...product, inputs: [x, kernel] }, biased, ...(image ? [image] : [])];
}

type NormInputs = readonly [
  x: ValueRef,
  gamma: ValueRef,
  beta: ValueRef,
  mean: ValueRef,
  variance: ValueRef,
];

function foldedWeights({ norm, product, kernelType, channels, addition }: NormalisedProduct) {
  const epsilon = epsilonOf(norm);
  const nodes: GraphNode[] = [epsilon];
  const compute = (
    name: string,
    op: string,
    inputs: readonly ValueRef[],
    type = channels,
  ): ValueRef => {
    const node = `${norm.name}/${name}`;
    nodes.push({ kind: 'op', name: node, op, inputs, attributes: { T }, outputs: [type] });
    return { node, output: 0 };
  };
  const [, gamma, beta, mean, variance] = norm.inputs as NormInputs;
  const [, kernel] = product.inputs as readonly [ValueRef, ValueRef];

  const padded = compute('variance', 'AddV2', [variance, { node: epsilon.name, output: 0 }]);
  const scale = compute('scale', 'RealDiv', [gamma, compute('deviation', 'Sqrt', [padded])]);
  const centred =
    addition === undefined
      ? compute('centred', 'Neg', [mean])
      : compute('centred', 'Sub', [addition.bias, mean]);
  const scaled = compute('scaled', 'Mul', [centred, scale]);
  const offset = compute('offset', 'AddV2', [scaled, beta]);
  return { nodes, offset, kernel: compute('kernel', 'Mul', [kernel, scale], kernelType) };
}

function epsilonOf({ name, attributes }: OpNode): ConstantNode {
  const values = Float32Array.of(Number(attributes['epsilon']?.value));
  return {
    kind: 'constant',
    name: `${name}/epsilon`,
    type: { dtype: 'float32', shape: [] },
    data: new Uint8Array(values.buffer),
  };
}
