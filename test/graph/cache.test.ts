/** The cache of traced functions: what it saves, what it tells apart, and what it survives. */
import { readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile, compileAll, define, type CompileOptions } from '../../graph/compile.ts';
import { MOST_CACHED_GRAPHS } from '../../graph/graph-cache.ts';
import { decodeGraphs, encodeGraphs } from '../../graph/graph-file.ts';
import type { FunctionGraph } from '../../graph/graph.ts';
import { printGraph } from '../../graph/print-graph.ts';
import type { InputSpec } from '../../graph/trace.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { numbers } from './support/tensors.ts';

let root: Awaited<ReturnType<typeof temporaryFolder>>;
let folder = '';
let tests = 0;
beforeAll(async () => {
  root = await temporaryFolder();
});
beforeEach(() => {
  folder = join(root.path, String(tests++));
});
afterAll(() => root.remove());

const float = (...shape: number[]): InputSpec => ({ shape, dtype: 'float32' });
const files = () => readdirSync(folder).map((name) => join(folder, name));
const onlyFile = () => {
  expect(files()).toHaveLength(1);
  return files()[0] ?? '';
};

interface StepOptions extends Omit<CompileOptions, 'variables'> {
  readonly key?: string;
  readonly size?: number;
  readonly weight?: tf.Variable;
}

/** One step of `w -= x sum(w x)`, a constant and a guard in it: its values, its graph, and was it traced? */
function step({ key = 'key', size = 2, weight, ...options }: StepOptions = {}) {
  const initial = tf.range(1, size + 1);
  const w = weight ?? tf.variable(initial);
  const three = tf.scalar(3);
  const rest = tf.variable(three);
  let traced = 0;
  using program = compileAll(
    {
      step: define({ x: float(size) }, ({ x }) => {
        traced++;
        const sum = w.mul(x).sum();
        const y = sum.add(rest).add(tf.tensor1d([0.25, -7, 1e-30, 3]));
        const value = w.sub(x.mul(sum));
        return { outputs: { y }, updates: new Map([[w, value]]), guard: tf.greater(sum, 0) };
      }),
    },
    { variables: [w, rest], cache: { folder, key }, ...options },
  );
  const x = tf.range(2, size + 2);
  const { y } = program.run('step', { x });
  const updated = program.read(w);
  const values = [numbers(y), numbers(updated)];
  tf.dispose([x, initial, three, y, updated, rest]);
  if (weight === undefined) w.dispose();
  return { traced, values, printed: printGraph(program.graphs.step) };
}

/** Without the names that TensorFlow.js counts variables by. */
const withoutCounts = (printed: string) =>
  printed.replace(/(variable|update) \d+/g, '$1').replace(/read_\d+_/g, 'read_');

describe('a cached program', () => {
  it('runs as the traced one does, without calling the function, under other names of its variables', () => {
    const tensors = tf.memory().numTensors;
    const first = step();
    const second = step();
    expect([first.traced, second.traced]).toEqual([1, 0]);
    expect(second.values).toEqual(first.values);
    expect(first.values[1]).toEqual([1 - 2 * 8, 2 - 3 * 8]);
    expect(withoutCounts(second.printed)).toBe(withoutCounts(first.printed));
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('serves compile too, and the second call from the same file', () => {
    let traced = 0;
    const cached = () => {
      using compiled = compile(
        ({ x }) => {
          traced++;
          return { outputs: { y: tf.neg(x) } };
        },
        { inputs: { x: float(2) }, variables: [], cache: { folder, key: 'negated' } },
      );
      return printGraph(compiled.graph);
    };
    expect(cached()).toBe(cached());
    expect(traced).toBe(1);
  });

  it.each<[string, () => StepOptions]>([
    ['key', () => ({ key: 'other' })],
    ['shape', () => ({ size: 4 })],
    ['precision', () => ({ precision: 'bfloat16' })],
    ['name of a variable', () => ({ weight: tf.variable(tf.tensor1d([1, 2]), true, 'named') })],
  ])('is not taken for one of another %s', (_, change) => {
    step();
    const options = change();
    expect(step(options).traced).toBe(1);
    options.weight?.dispose();
    expect(files()).toHaveLength(2);
  });

  it('holds no value of a variable', () => {
    const secret = [0.123456, 654.321];
    const weight = tf.variable(tf.tensor1d(secret));
    step({ weight });
    weight.dispose();
    const bytes = readFileSync(onlyFile());
    for (const value of secret) {
      const raw = Buffer.from(Float32Array.of(value).buffer);
      expect([value, bytes.includes(raw)]).toEqual([value, false]);
    }
  });
});

describe('a file that is not what was written', () => {
  it.each<[string, (path: string) => void]>([
    ['cut off', (path) => truncateSync(path, readFileSync(path).length - 3)],
    ['cut off in its header', (path) => truncateSync(path, 20)],
    ['empty', (path) => truncateSync(path)],
    [
      'of another program',
      (path) => writeFileSync(path, 'TFGRAPH1, but for the rest of it'.repeat(9)),
    ],
    [
      'changed in one bit',
      (path) => {
        const bytes = readFileSync(path);
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 5) ^ 1, bytes.length - 5);
        writeFileSync(path, bytes);
      },
    ],
  ])('is replaced when it is %s', (_, spoil) => {
    const first = step();
    spoil(onlyFile());
    const again = step();
    expect(again.traced).toBe(1);
    expect(again.values).toEqual(first.values);
    expect(step().traced).toBe(0);
    onlyFile();
  });

  it('does not stop a function from being compiled, nor does a folder that cannot be', () => {
    writeFileSync(join(root.path, 'file'), '');
    folder = join(root.path, 'file', 'folder');
    expect(step().traced).toBe(1);
    expect(step().traced).toBe(1);
  });
});

it('two processes that compile the same at the same time end well, and leave whole files', async () => {
  const entry = new URL('support/compile-cached.ts', import.meta.url).pathname;
  const run = promisify(execFile);
  const start = () => run(process.execPath, ['--import', 'tsx', entry, folder]);
  const both = await Promise.all([start(), start()]);
  expect(both.map(({ stdout }) => stdout.trim())).toEqual(['42', '42']);
  const graphs = files().map((path) => decodeGraphs(readFileSync(path), []));
  expect(graphs).toHaveLength(11);
  expect(graphs).not.toContain(undefined);
});

it('keeps the files that were used last', () => {
  step({ key: 'first' });
  const first = onlyFile();
  step({ key: 'second' });
  const second = files().find((path) => path !== first) ?? '';
  const long = new Date(Date.now() - 10 * 3_600_000);
  for (const path of files()) utimesSync(path, long, long);
  writeFileSync(join(folder, 'left.graphs.1.partial'), '');
  utimesSync(join(folder, 'left.graphs.1.partial'), long, long);
  for (let index = 0; index < MOST_CACHED_GRAPHS - 2; index++) {
    writeFileSync(join(folder, `${String(index)}.graphs`), '');
  }
  expect(step({ key: 'first' }).traced).toBe(0);
  step({ key: 'third' });
  const left = files();
  expect(left).toHaveLength(MOST_CACHED_GRAPHS);
  expect(left).toContain(first);
  expect(left).not.toContain(second);
  expect(left.filter((path) => path.endsWith('.partial'))).toEqual([]);
});

it('a file keeps every kind of attribute and constant, numbers that JSON lacks too', () => {
  const attributes: FunctionGraph['nodes'] = [
    { kind: 'input', name: 'x', type: { dtype: 'float32', shape: [] } },
    { kind: 'variable', name: 'w', variable: 'a/b', type: { dtype: 'int64', shape: [2] } },
    {
      kind: 'constant',
      name: 'text',
      type: { dtype: 'string', shape: [2] },
      data: [Uint8Array.of(1, 255), new Uint8Array()],
    },
    {
      kind: 'constant',
      name: 'raw',
      type: { dtype: 'int32', shape: [1] },
      data: Uint8Array.of(1, 2, 3, 4),
    },
    {
      kind: 'op',
      name: 'op',
      op: 'Op',
      inputs: [{ node: 'x', output: 0 }],
      attributes: {
        a: { kind: 'float', value: -0 },
        b: { kind: 'float', value: NaN },
        c: { kind: 'floats', value: [Infinity, -Infinity, 0.1] },
        d: { kind: 'types', value: ['bool', 'string'] },
        e: { kind: 'string', value: 'ü"\u0000' },
        f: { kind: 'shape', value: [1, -1] },
      },
      outputs: [{ dtype: 'float32', shape: [] }],
    },
  ];
  const graph: FunctionGraph = {
    nodes: attributes,
    inputs: { x: { dtype: 'float32', shape: [] } },
    outputs: { y: { node: 'op', output: 1 } },
    updates: { 'a/b': { node: 'op', output: 0 } },
  };
  const guarded = { ...graph, guard: { node: 'op', output: 2 } };
  const bytes = encodeGraphs({ graph, guarded }, ['c', 'a/b']);
  expect(decodeGraphs(bytes, ['c', 'a/b'])).toEqual({ graph, guarded });
});
