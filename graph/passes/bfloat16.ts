/**
 * Computes convolutions and matrix products in bfloat16 (8 bits of mantissa, float32's range), as mixed
 * precision does: TensorFlow's kernels add up in float32 inside, variables stay float32, and so do sums over
 * axes, losses, the optimizer, and gradients of weights from the moment they leave their product. Between two
 * products the ops that only pass activations on (bias, norm, rectifier, residual sum) stay in bfloat16 too,
 * which halves what they move through memory.
 *
 * Source: Kalamkar et al., "A Study of BFLOAT16 for Deep Learning Training" (2019). Worth it where the machine
 * has such arithmetic (`hardware.ts`); elsewhere TensorFlow emulates it slowly.
 */
import type {
  Attribute,
  DType,
  FunctionGraph,
  GraphNode,
  OpNode,
  ValueRef,
  ValueType,
} from '../graph.ts';
import { outputTypes } from '../graph.ts';
import { tensorName } from '../lower.ts';
import { redirectResults } from './references.ts';

/** What of an op is in bfloat16: inputs by index, outputs by index. */
interface Lowered {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const PRODUCTS: ReadonlyMap<string, Lowered> = new Map([
  ['Conv2D', { inputs: [0, 1], outputs: [0] }],
  ['Conv2DBackpropInput', { inputs: [1, 2], outputs: [0] }],
  ['Conv2DBackpropFilter', { inputs: [0, 2], outputs: [0] }],
  ['MatMul', { inputs: [0, 1], outputs: [0] }],
  ['BatchMatMulV2', { inputs: [0, 1], outputs: [0] }],
]);

/** Ops that follow their inputs: in bfloat16 where all these come in bfloat16. */
const FOLLOWERS: ReadonlyMap<string, Lowered> = new Map([
  ['BiasAdd', { inputs: [0, 1], outputs: [0] }],
  ['Add', { inputs: [0, 1], outputs: [0] }],
  ['AddV2', { inputs: [0, 1], outputs: [0] }],
  ['Relu', { inputs: [0], outputs: [0] }],
  ['ReluGrad', { inputs: [0, 1], outputs: [0] }],
  ['Reshape', { inputs: [0], outputs: [0] }],
  ['MaxPool', { inputs: [0], outputs: [0] }],
  // Statistics and their gradients are float32 (attribute U).
  ['FusedBatchNormV3', { inputs: [0], outputs: [0] }],
  ['FusedBatchNormGradV3', { inputs: [0, 1], outputs: [0] }],
]);

/** Its result is a gradient of weights: no op follows it. */
const FILTER_GRADIENT = 'Conv2DBackpropFilter';

export function toBfloat16(graph: FunctionGraph): FunctionGraph {
  const rewriting = new Rewriting(graph.nodes);
  for (const node of graph.nodes) rewriting.add(node);
  const results = redirectResults(graph, (ref) => rewriting.asFloat32(ref));
  return { ...graph, ...results, nodes: rewriting.nodes };
}

class Rewriting {
  readonly nodes: GraphNode[] = [];
  readonly #types: ReadonlyMap<string, ValueType>;
  /** Values that are in bfloat16 now, by name. */
  readonly #lowered = new Set<string>();
  /** Those of them that ops may follow. */
  readonly #activations = new Set<string>();
  readonly #casts = new Map<string, ValueRef>();

  constructor(nodes: readonly GraphNode[]) {
    this.#types = new Map(
      nodes.flatMap((node) =>
        outputTypes(node).map((type, output) => [nameOf(node, output), type] as const),
      ),
    );
  }

  add(node: GraphNode): void {
    if (node.kind !== 'op') {
      this.nodes.push(node);
      return;
    }
    const lowered = this.#loweringOf(node);
    if (lowered === undefined) {
      this.nodes.push({ ...node, inputs: node.inputs.map((ref) => this.asFloat32(ref)) });
    } else {
      this.#addLowered(node, lowered);
    }
  }

  /** The value for a reader that knows float32 only. */
  asFloat32(ref: ValueRef): ValueRef {
    return this.#lowered.has(tensorName(ref)) ? this.#cast(ref, 'bfloat16', 'float32') : ref;
  }

  #asBfloat16(ref: ValueRef): ValueRef {
    return this.#lowered.has(tensorName(ref)) ? ref : this.#cast(ref, 'float32', 'bfloat16');
  }

  #addLowered(node: OpNode, lowered: Lowered): void {
    const inputs = node.inputs.map((ref, index) =>
      lowered.inputs.includes(index) ? this.#asBfloat16(ref) : this.asFloat32(ref),
    );
    const outputs = node.outputs.map((type, index): ValueType =>
      lowered.outputs.includes(index) ? { ...type, dtype: 'bfloat16' } : type,
    );
    const T: Attribute = { kind: 'type', value: 'bfloat16' };
    this.nodes.push({ ...node, inputs, outputs, attributes: { ...node.attributes, T } });
    for (const output of lowered.outputs) {
      this.#lowered.add(nameOf(node, output));
      if (node.op !== FILTER_GRADIENT) this.#activations.add(nameOf(node, output));
    }
  }

  #loweringOf(node: OpNode): Lowered | undefined {
    if (node.attributes['T']?.value !== 'float32') return undefined;
    const product = PRODUCTS.get(node.op);
    if (product !== undefined) return product;
    const follower = FOLLOWERS.get(node.op);
    return follower !== undefined && this.#follows(node, follower) ? follower : undefined;
  }

  /** A bias is no activation, but small. */
  #follows(node: OpNode, { inputs }: Lowered): boolean {
    const names = inputs.map((index) => tensorName(node.inputs[index] as ValueRef));
    const isActivation = (name: string) => this.#activations.has(name);
    const isVector = (name: string) => this.#types.get(name)?.shape.length === 1;
    return names.some(isActivation) && names.every((name) => isActivation(name) || isVector(name));
  }

  #cast(ref: ValueRef, from: DType, to: DType): ValueRef {
    const source = tensorName(ref);
    const known = this.#casts.get(source);
    if (known !== undefined) return known;
    const { shape } = this.#types.get(source) as ValueType;
    const name = `${ref.node}/${to}${ref.output === 0 ? '' : `_${String(ref.output)}`}`;
    this.nodes.push({
      kind: 'op',
      name,
      op: 'Cast',
      inputs: [ref],
      attributes: {
        SrcT: { kind: 'type', value: from },
        DstT: { kind: 'type', value: to },
        Truncate: { kind: 'bool', value: false },
      },
      outputs: [{ dtype: to, shape }],
    });
    const cast = { node: name, output: 0 };
    this.#casts.set(source, cast);
    return cast;
  }
}

function nameOf({ name }: GraphNode, output: number): string {
  return tensorName({ node: name, output });
}
