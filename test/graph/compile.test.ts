import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile, compileAll, define } from '../../graph/compile.ts';
import { nodeBackend } from '../../graph/tensorflow.ts';
import { numbers, scalarOf } from './support/tensors.ts';

const float = (...shape: number[]) => ({ shape, dtype: 'float32' }) as const;
const int = (...shape: number[]) => ({ shape, dtype: 'int32' }) as const;

describe('compile', () => {
  let tensorsBefore: number;

  beforeEach(() => {
    tf.engine().startScope();
    tensorsBefore = tf.memory().numTensors;
  });

  afterEach(() => {
    tf.engine().endScope();
  });

  it('gives what the function gives eagerly, for many outputs of several dtypes', () => {
    const fn = ({ x, ids }: Record<'x' | 'ids', tf.Tensor>) => ({
      outputs: {
        rows: tf.gather(x, ids),
        order: tf.topk(x.sum(1), 2).indices,
        above: x.greater(0.5),
        name: tf.tensor(['lesion', '皮'], [2], 'string'),
        same: x,
        constant: tf.scalar(7, 'int32'),
      },
    });
    using compiled = compile(fn, { inputs: { x: float(3, 2), ids: int(2) }, variables: [] });
    const x = tf.tensor2d([0.1, 0.9, 0.4, 0.5, 0.8, 0.7], [3, 2]);
    const ids = tf.tensor1d([2, 0], 'int32');

    const given = compiled.run({ x, ids });

    for (const [name, expected] of Object.entries(fn({ x, ids }).outputs)) {
      const tensor = given[name as keyof typeof given];
      expect([name, tensor.dtype, tensor.shape]).toEqual([name, expected.dtype, expected.shape]);
      expect(tensor.arraySync()).toEqual(expected.arraySync());
    }
  });

  it('takes bool, string and scalar inputs', () => {
    using compiled = compile(
      ({ flag, text, factor }) => ({
        outputs: { chosen: tf.where(flag, factor.mul(2), factor), echo: tf.clone(text) },
      }),
      {
        inputs: {
          flag: { shape: [2], dtype: 'bool' },
          text: { shape: [1], dtype: 'string' },
          factor: float(),
        },
        variables: [],
      },
    );

    const { chosen, echo } = compiled.run({
      flag: tf.tensor1d([true, false], 'bool'),
      text: tf.tensor1d(['naevus'], 'string'),
      factor: tf.scalar(3),
    });

    expect(numbers(chosen)).toEqual([6, 3]);
    expect(echo.arraySync()).toEqual(['naevus']);
  });

  it('trains like eager code over many steps, gradients and momentum in one call', () => {
    const data = tf.randomNormal([16, 3], 0, 1, 'float32', 1);
    const truth = data.mul([1, -2, 0.5]).sum(1);
    const loss = (x: tf.Tensor, y: tf.Tensor, w: tf.Variable): tf.Scalar =>
      tf.tidy(() => x.mul(w).sum(1).sub(y).square().mean());
    const eager = tf.variable(tf.zeros([3]));
    const optimizer = tf.train.momentum(0.1, 0.9);
    const eagerLosses = Array.from({ length: 10 }, () =>
      scalarOf(optimizer.minimize(() => loss(data, truth, eager), true, [eager])),
    );

    const w = tf.variable(tf.zeros([3]), true, 'trained/w');
    const velocity = tf.variable(tf.zeros([3]), false, 'trained/velocity');
    using step = compile(
      ({ x, y, rate }) => {
        const { value, grads } = tf.variableGrads(() => loss(x, y, w), [w]);
        const moved = velocity.mul(0.9).add(grads[w.name] ?? tf.zerosLike(w));
        const updates = new Map<tf.Variable, tf.Tensor>([
          [velocity, moved],
          [w, w.sub(moved.mul(rate))],
        ]);
        return { outputs: { loss: value }, updates };
      },
      { inputs: { x: float(16, 3), y: float(16), rate: float() }, variables: [w, velocity] },
    );
    const rate = tf.scalar(0.1);
    const losses = Array.from({ length: 10 }, () =>
      scalarOf(step.run({ x: data, y: truth, rate }).loss),
    );

    losses.forEach((value, index) => expect(value).toBeCloseTo(eagerLosses[index] ?? NaN, 5));
    expect(numbers(w)).toEqual([0, 0, 0]);
    step.pull();
    numbers(w).forEach((value, index) =>
      expect(value).toBeCloseTo(numbers(eager)[index] ?? NaN, 5),
    );
  });

  it('follows gradients of gradients and custom gradients', () => {
    const cubed = tf.customGrad((value, save) => {
      const input = value as tf.Tensor;
      (save as tf.GradSaveFunc)([input]);
      return {
        value: input.mul(input).mul(input),
        gradFunc: (dy: tf.Tensor, [saved = dy]: tf.Tensor[]) => dy.mul(saved.square().mul(3)),
      };
    });
    const fn = ({ x }: Record<'x', tf.Tensor>) => {
      const first = tf.grad((value: tf.Tensor) => cubed(value));
      return { outputs: { first: first(x), second: tf.grad((value) => first(value).sum())(x) } };
    };
    using compiled = compile(fn, { inputs: { x: float(2) }, variables: [] });

    const { first, second } = compiled.run({ x: tf.tensor1d([2, 3]) });

    expect(numbers(first)).toEqual([12, 27]);
    expect(numbers(second)).toEqual([12, 18]);
  });

  it('computes every update and output from the old values', () => {
    const a = tf.variable(tf.scalar(1), false, 'swap/a');
    const b = tf.variable(tf.scalar(2), false, 'swap/b');
    using swap = compile(
      () => ({
        outputs: { sum: a.mul(10).add(b), a },
        updates: new Map<tf.Variable, tf.Tensor>([
          [a, b],
          [b, a],
        ]),
      }),
      { inputs: {}, variables: [a, b] },
    );

    const sums = Array.from({ length: 50 }, () => swap.run({})).map(({ sum, a: old }) => [
      scalarOf(sum),
      scalarOf(old),
    ]);

    sums.forEach((pair, index) => expect(pair).toEqual(index % 2 === 0 ? [12, 1] : [21, 2]));
  });

  it('updates nothing in a call whose guard is false', () => {
    const a = tf.variable(tf.scalar(1), false, 'guarded/a');
    const b = tf.variable(tf.scalar(2), false, 'guarded/b');
    using step = compile(
      ({ by }) => {
        const sum = a.add(b).add(by);
        const updates = new Map<tf.Variable, tf.Tensor>([
          [a, sum],
          [b, a],
        ]);
        return { outputs: { sum }, updates, guard: tf.isFinite(sum) };
      },
      { inputs: { by: float() }, variables: [a, b] },
    );
    const after = (by: number): number[] => {
      const { sum } = step.run({ by: tf.scalar(by) });
      return [sum, step.read(a), step.read(b)].map(scalarOf);
    };

    expect(after(NaN)).toEqual([NaN, 1, 2]);
    expect(after(3)).toEqual([6, 6, 1]);
    expect(after(Infinity)).toEqual([Infinity, 6, 1]);
    expect(after(0)).toEqual([7, 7, 6]);
  });

  it('keeps int, bool and string variables', () => {
    const count = tf.variable(tf.scalar(5, 'int32'), false, 'kinds/count');
    const seen = tf.variable(tf.tensor1d([false, false], 'bool'), false, 'kinds/seen');
    const label = tf.variable(tf.tensor1d(['a'], 'string'), false, 'kinds/label');
    using compiled = compile(
      ({ now }) => ({
        outputs: { label },
        updates: new Map<tf.Variable, tf.Tensor>([
          [count, count.add(tf.scalar(1, 'int32'))],
          [seen, tf.logicalOr(seen, now)],
        ]),
      }),
      { inputs: { now: { shape: [2], dtype: 'bool' } }, variables: [count, seen, label] },
    );

    const { label: given } = compiled.run({ now: tf.tensor1d([true, false], 'bool') });

    expect(given.arraySync()).toEqual(['a']);
    expect(compiled.read(count).arraySync()).toBe(6);
    expect(compiled.read('kinds/seen').arraySync()).toEqual([1, 0]);
  });

  it('reads, writes, pulls and pushes variables', () => {
    const w = tf.variable(tf.tensor1d([1, 2]), true, 'moved/w');
    using compiled = compile(() => ({ outputs: { w } }), { inputs: {}, variables: [w] });

    compiled.write(w, tf.tensor1d([3, 4]));
    expect(numbers(compiled.run({}).w)).toEqual([3, 4]);
    expect(numbers(w)).toEqual([1, 2]);

    compiled.push();
    expect(numbers(compiled.read('moved/w'))).toEqual([1, 2]);
  });

  it('shares variables between the functions of a program, and with no other program', () => {
    const w = tf.variable(tf.scalar(1), true, 'shared/w');
    const definitions = {
      grow: define({ by: float() }, ({ by }) => ({
        outputs: {},
        updates: new Map([[w, w.add(by)]]),
      })),
      look: define({}, () => ({ outputs: { w } })),
    };
    using program = compileAll(definitions, { variables: [w] });
    using other = compileAll(definitions, { variables: [w] });

    program.run('grow', { by: tf.scalar(4) });

    expect(scalarOf(program.run('look', {}).w)).toBe(5);
    expect(scalarOf(other.run('look', {}).w)).toBe(1);
  });

  it('owns no tensor after a call, no session after its end, and leaves no folder', () => {
    // Other processes compile graphs at the same time.
    const own = `tf-graph-${String(process.pid)}-`;
    const folders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith(own));
    const foldersBefore = folders();
    const native = (): number => nodeBackend().binding.getNumOfSavedModels();
    const sessionsBefore = native();
    const x = tf.ones([2]);
    const compiled = compile(({ x: given }) => ({ outputs: { y: tf.keep(given.mul(2)) } }), {
      inputs: { x: float(2) },
      variables: [],
    });

    for (let call = 0; call < 20; call += 1) compiled.run({ x }).y.dispose();

    expect(tf.memory().numTensors - tensorsBefore).toBe(1);
    expect(native()).toBe(sessionsBefore + 1);
    compiled[Symbol.dispose]();
    compiled[Symbol.dispose]();
    expect(native()).toBe(sessionsBefore);
    expect(folders()).toEqual(foldersBefore);
  });

  it('gives the backend back unchanged, after a success and after a failure', () => {
    const keys = (): string[] => Object.keys(nodeBackend());
    const before = keys();
    const { binding } = nodeBackend();
    using compiled = compile(({ x }) => ({ outputs: { y: x } }), {
      inputs: { x: float(1) },
      variables: [],
    });
    expect(() =>
      compile(
        () => {
          throw new Error('of the function itself');
        },
        { inputs: {}, variables: [] },
      ),
    ).toThrow('of the function itself');

    expect(Object.keys(compiled.graph.outputs)).toEqual(['y']);
    expect(keys()).toEqual(before);
    expect(nodeBackend().binding).toBe(binding);
    expect(numbers(tf.scalar(1).add(1))).toEqual([2]);
  });
});
