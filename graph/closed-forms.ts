/**
 * Output types of the ops that would cost much to run on example values, or that are so frequent that a
 * rule is cheaper. Each rule is tested against TensorFlow; every other op is asked there (`output-types.ts`).
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { Attribute, DType, ValueType } from './graph.ts';

export interface TypedCall {
  readonly op: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly inputs: readonly ValueType[];
  /** The values of small int32 inputs that are constants, else undefined. */
  readonly constants: readonly (readonly number[] | undefined)[];
}

/** The type of the only output, or undefined where the rule does not cover the call. */
type Rule = (call: TypedCall) => ValueType | undefined;

const likeFirst: Rule = ({ inputs }) => inputs[0];

const broadcast =
  (dtype?: DType): Rule =>
  ({ inputs: [left, right] }) => {
    if (left === undefined || right === undefined) return undefined;
    const shape = tf.backend_util.assertAndGetBroadcastShape([...left.shape], [...right.shape]);
    return { dtype: dtype ?? left.dtype, shape };
  };

/** The output's shape is stated by the values of input `index`. */
const shapeFrom =
  (index: number): Rule =>
  ({ inputs, constants }) => {
    const shape = constants[index];
    const dtype = inputs[0]?.dtype;
    // The first input of Conv2DBackpropInput is the shape itself, so dtypes come from the last.
    return shape === undefined || dtype === undefined
      ? undefined
      : { dtype: inputs[inputs.length - 1]?.dtype ?? dtype, shape };
  };

const conv2d: Rule = ({ attributes, inputs: [image, filter] }) => {
  const strides = attributes['strides'];
  const padding = attributes['padding']?.value;
  const dilations = attributes['dilations'];
  if (image === undefined || filter === undefined || strides?.kind !== 'ints') return undefined;
  if (dilations?.kind === 'ints' && dilations.value.some((dilation) => dilation !== 1)) {
    return undefined;
  }
  if (attributes['data_format']?.value !== 'NHWC' || (padding !== 'SAME' && padding !== 'VALID')) {
    return undefined;
  }
  const [batch = 0, height = 0, width = 0] = image.shape;
  const [rows = 1, columns = 1, , channels = 0] = filter.shape;
  const along = (size: number, window: number, stride: number): number =>
    Math.ceil((padding === 'SAME' ? size : size - window + 1) / stride);
  const shape = [
    batch,
    along(height, rows, strides.value[1] ?? 1),
    along(width, columns, strides.value[2] ?? 1),
    channels,
  ];
  return { dtype: image.dtype, shape };
};

const matMul: Rule = ({ attributes, inputs: [left, right] }) => {
  if (left?.shape.length !== 2 || right?.shape.length !== 2) return undefined;
  const rows = left.shape[attributes['transpose_a']?.value === true ? 1 : 0] ?? 0;
  const columns = right.shape[attributes['transpose_b']?.value === true ? 0 : 1] ?? 0;
  return { dtype: left.dtype, shape: [rows, columns] };
};

const batchMatMul: Rule = ({ attributes, inputs: [left, right] }) => {
  const rank = left?.shape.length ?? 0;
  if (left === undefined || right?.shape.length !== rank || rank < 2) return undefined;
  const batch = left.shape.slice(0, -2);
  if (batch.some((size, axis) => size !== right.shape[axis])) return undefined;
  const rows = left.shape[rank - (attributes['adj_x']?.value === true ? 1 : 2)] ?? 0;
  const columns = right.shape[rank - (attributes['adj_y']?.value === true ? 2 : 1)] ?? 0;
  return { dtype: left.dtype, shape: [...batch, rows, columns] };
};

const cropAndResize: Rule = ({ inputs: [image, boxes], constants }) => {
  const size = constants[3];
  const [count] = boxes?.shape ?? [];
  const channels = image?.shape[3];
  if (size === undefined || count === undefined || channels === undefined) return undefined;
  return { dtype: 'float32', shape: [count, ...size, channels] };
};

const imageGradient: Rule = ({ constants }) => {
  const shape = constants[3];
  return shape === undefined ? undefined : { dtype: 'float32', shape };
};

const cast: Rule = ({ attributes, inputs: [input] }) => {
  const target = attributes['DstT'];
  if (input === undefined || target?.kind !== 'type') return undefined;
  return { dtype: target.value, shape: input.shape };
};

const SAME_TYPE =
  'Relu Relu6 Sigmoid Tanh Exp Expm1 Log Log1p Neg Abs Sqrt Rsqrt Square Sign Floor Ceil Round ' +
  'Softplus Softmax LogSoftmax ZerosLike OnesLike LogicalNot Reciprocal ReluGrad Relu6Grad AddN BiasAdd';
const ARITHMETIC =
  'Add AddV2 Sub Mul Div RealDiv Maximum Minimum SquaredDifference Pow FloorDiv Mod';
const COMPARISON = 'Less LessEqual Greater GreaterEqual Equal NotEqual LogicalAnd LogicalOr';

const named = (names: string, rule: Rule): [string, Rule][] =>
  names.split(' ').map((name) => [name, rule]);

export const CLOSED_FORMS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...named(SAME_TYPE, likeFirst),
  ...named(ARITHMETIC, broadcast()),
  ...named(COMPARISON, broadcast('bool')),
  ['Cast', cast],
  ['Conv2D', conv2d],
  ['Conv2DBackpropInput', shapeFrom(0)],
  ['Conv2DBackpropFilter', shapeFrom(1)],
  ['MatMul', matMul],
  ['BatchMatMulV2', batchMatMul],
  ['CropAndResize', cropAndResize],
  ['CropAndResizeGradImage', imageGradient],
]);

/** `Switch` and `Merge` (zeros-unless.ts), which exist in graphs only: TensorFlow cannot be asked. */
export function branchTypes({ op, inputs: [value] }: TypedCall): readonly ValueType[] | undefined {
  if (value === undefined) return undefined;
  if (op === 'Switch') return [value, value];
  return op === 'Merge' ? [value, { dtype: 'int32', shape: [] }] : undefined;
}
