import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../graph/compile.ts';
import {
  DisposedError,
  DynamicShapeError,
  FeedError,
  GraphError,
  GraphTooLargeError,
  HostReadError,
  SessionError,
  SignatureError,
  UntrackedTensorError,
  VariableMutationError,
} from '../../graph/errors.ts';
import { checkSize } from '../../graph/size-limit.ts';
import type { TensorFunction } from '../../graph/trace.ts';

const x = { shape: [3], dtype: 'float32' } as const;
type Outputs = Readonly<Record<string, tf.Tensor>>;

/** Compiles a function that must fail, and gives the error. */
function failure(
  fn: TensorFunction<{ x: typeof x }, Outputs>,
  variables: readonly tf.Variable[] = [],
): unknown {
  try {
    compile(fn, { inputs: { x }, variables })[Symbol.dispose]();
  } catch (error) {
    return error;
  }
  throw new Error('the function compiled');
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');

describe('a function that cannot be a graph', () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it('reads values: names the tensor and the line', () => {
    const error = failure((inputs) => {
      const sum = inputs.x.sum();
      return { outputs: { y: sum.mul(sum.dataSync()[0] ?? 0) } };
    });

    expect(error).toBeInstanceOf(HostReadError);
    expect(messageOf(error)).toMatch(/values of Sum_0 .*errors\.test\.ts:\d+/);
  });

  it('reads values by a promise that nobody awaits', () => {
    const error = failure((inputs) => {
      void inputs.x.data();
      return { outputs: { y: inputs.x } };
    });

    expect(error).toBeInstanceOf(HostReadError);
    expect(messageOf(error)).toContain('values of x ');
  });

  it('may read what it made from plain numbers', () => {
    using compiled = compile(
      (inputs) => {
        const size = tf.tensor1d([2, 3]);
        return { outputs: { y: inputs.x.mul(size.dataSync()[1] ?? 0) } };
      },
      { inputs: { x }, variables: [] },
    );

    expect(compiled.run({ x: tf.ones([3]) }).y.arraySync()).toEqual([3, 3, 3]);
  });

  it.each([
    ['fresh', () => tf.tensor1d([1, 2, 3])],
    ['computed', () => tf.tensor1d([1, 2, 3]).add(1)],
    ['a variable', () => tf.variable(tf.tensor1d([1, 2, 3]))],
  ])('uses a tensor from outside (%s): names the op, the input and the line', (_, make) => {
    const outside = make();
    const error = failure((inputs) => ({ outputs: { y: inputs.x.mul(outside) } }));

    expect(error).toBeInstanceOf(UntrackedTensorError);
    expect(messageOf(error)).toMatch(/input 1 of op Mul is a float32\[3\].*errors\.test\.ts:\d+/);
  });

  it('returns a tensor from outside', () => {
    const outside = tf.ones([3]);

    expect(failure(() => ({ outputs: { y: outside } }))).toBeInstanceOf(UntrackedTensorError);
  });

  it('has a shape that depends on values', () => {
    const boxes = tf.tensor2d([[0, 0, 1, 1]]).arraySync();
    const error = failure((inputs) => {
      const scores = inputs.x.slice(0, 1);
      return { outputs: { y: tf.image.nonMaxSuppression(boxes, scores as tf.Tensor1D, 1) } };
    });

    expect(error).toBeInstanceOf(DynamicShapeError);
    expect(messageOf(error)).toContain('NonMaxSuppressionV3');
  });

  it('assigns a variable instead of returning its new value', () => {
    const w = tf.variable(tf.ones([3]));
    const error = failure(
      (inputs) => {
        w.assign(inputs.x);
        return { outputs: { y: w } };
      },
      [w],
    );

    expect(error).toBeInstanceOf(VariableMutationError);
  });

  it('updates a variable that was not declared, or with another shape', () => {
    const w = tf.variable(tf.ones([2]), true, 'unfit/w');
    const update = (size: number, declared: readonly tf.Variable[]): string =>
      messageOf(
        failure(
          (inputs) => ({ outputs: { y: inputs.x }, updates: new Map([[w, tf.ones([size])]]) }),
          declared,
        ),
      );

    expect(update(2, [])).toContain('not among the declared variables');
    expect(update(3, [w])).toContain('float32[3], but the variable is float32[2]');
  });

  it('reads two variables that hold one tensor', () => {
    const w = tf.variable(tf.ones([2]), true, 'shared/w');
    const average = tf.variable(tf.zeros([2]), false, 'shared/average');
    average.assign(w);
    const error = failure(() => ({ outputs: { y: tf.sub(w, average) } }), [w, average]);

    expect(error).toBeInstanceOf(SignatureError);
    expect(messageOf(error)).toContain('"shared/w" and "shared/average" hold one and the same');
  });

  it('is asynchronous', () => {
    const fn = async (): Promise<never> => Promise.reject(new Error('late'));
    const error = failure(fn as unknown as TensorFunction<{ x: typeof x }, Outputs>);

    expect(error).toBeInstanceOf(GraphError);
    expect(messageOf(error)).toContain('must be synchronous');
  });

  it('has an input name that TensorFlow does not take', () => {
    expect(() => compile(() => ({ outputs: {} }), { inputs: { 'a b': x }, variables: [] })).toThrow(
      SignatureError,
    );
  });
});

describe('a wrong call', () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it.each<[string, (ones: tf.Tensor) => Outputs]>([
    ['input "x" is missing', () => ({})],
    ['no input "z"', (ones) => ({ x: ones, z: ones })],
    ['must be float32[3], but it is float32[3,1]', (ones) => ({ x: ones.reshape([3, 1]) })],
    ['must be float32[3], but it is int32[3]', (ones) => ({ x: ones.toInt() })],
  ])('says: %s', (message, feeds) => {
    using compiled = compile((inputs) => ({ outputs: { y: inputs.x } }), {
      inputs: { x },
      variables: [],
    });
    const call = (): unknown => compiled.run(feeds(tf.ones([3])));

    expect(call).toThrow(FeedError);
    expect(call).toThrow(message);
  });

  it('uses a variable that was not declared', () => {
    using compiled = compile(() => ({ outputs: {} }), { inputs: {}, variables: [] });

    expect(() => compiled.read('other')).toThrow(SignatureError);
  });

  it('comes after the end', () => {
    const compiled = compile((inputs) => ({ outputs: { y: inputs.x } }), {
      inputs: { x },
      variables: [],
    });
    compiled[Symbol.dispose]();

    expect(() => compiled.run({ x: tf.ones([3]) })).toThrow(DisposedError);
  });

  it('fails inside TensorFlow: the message names the op', () => {
    using compiled = compile(
      (inputs) => ({ outputs: { y: tf.gather(tf.tensor1d([1, 2]), inputs.x.toInt()) } }),
      { inputs: { x }, variables: [] },
    );
    const call = (): unknown => compiled.run({ x: tf.fill([3], 9) });

    expect(call).toThrow(SessionError);
    expect(call).toThrow(/GatherV2_0/);
  });
});

describe('a graph of more than 2 GB', () => {
  it('is refused before it is copied, and the largest constant is named', () => {
    const tensor_content = new Uint8Array(2 ** 20);
    const value = { tensor: { dtype: 1, tensor_shape: { dim: [] }, tensor_content } };
    const nodes = Array.from({ length: 2100 }, (_, index) => ({
      name: `const_${index}`,
      op: 'Const',
      input: [],
      attr: { value },
    }));

    expect(() => checkSize(nodes)).toThrow(GraphTooLargeError);
    expect(() => checkSize(nodes.slice(0, 100))).not.toThrow();
  });
});
