/** Options, statistics, the page and the chart, on numbers that are easy to check. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { benchCases } from '../../bench/cases.ts';
import { fewDetections } from '../../bench/contestants/few-detections.ts';
import { lineUp, whyNotEager } from '../../bench/line-up.ts';
import { slug, untilQuiet } from '../../bench/machine.ts';
import { parseOptions } from '../../bench/options.ts';
import { writeResults } from '../../bench/publish.ts';
import { bestOf, median, type Entry, type Results } from '../../bench/results.ts';
import { drawResults } from '../../bench/figure.ts';
import { textsOf } from '../report/pixels.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const train = { kind: 'train-all', size: 512, batch: 1, precision: 'float32' } as const;

const entry = (name: string, milliseconds: number[], peakResidentBytes = 1e9): Entry => ({
  name,
  outcome: 'finished',
  library: 'some library',
  warmUps: [],
  milliseconds,
  peakResidentBytes,
});

const results: Results = {
  date: '2026-01-02T03:04:05.678Z',
  arguments: ['--rounds', '3'],
  machine: {
    cpu: 'Some(R) CPU 42 @ 3.00GHz',
    cores: 2,
    memoryBytes: 2 ** 34,
    flags: ['avx2'],
    kernel: '6.1',
    node: 'v22.0.0',
    commit: 'abc',
    changed: false,
  },
  load: { before: 0.1, after: 2 },
  warnings: ['somebody else was at work'],
  pictures: 'one picture',
  weights: 'initial ones',
  cases: [
    {
      case: train,
      entries: [
        entry('LesionFlow', [900, 1000, 5000], 3e9),
        entry('torchvision, contiguous', [4000, 4100, 4200], 2e9),
        entry('torchvision, channels last', [2500, 2400, 2000], 1.5e9),
        { name: 'eager TensorFlow.js', outcome: 'did not finish', reason: 'was ended by SIGKILL' },
      ],
    },
  ],
};

describe('results', () => {
  test('medians are of sorted numbers', () => {
    expect(median([10, 9, 100])).toBe(10);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  test('the page compares with the better layout, and says who did not finish', async () => {
    const temporary = await temporaryFolder();
    const folder = temporary.path;
    await writeResults(folder, { ...results, date: '2025-01-01T00:00:00.000Z', cases: [] });
    const written = await writeResults(folder, results);
    expect(written[0]).toBe(join(folder, '2026-01-02-some-cpu-42.json'));
    expect(JSON.parse(readFileSync(written[0] ?? '', 'utf8'))).toEqual(results);
    // An older file that is written later does not take the page.
    await writeResults(folder, { ...results, date: '2025-06-01T00:00:00.000Z', cases: [] });
    const page = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(page).toContain(
      '| train step, all layers, 512 x 512, batch 1, float32 | 1000 | 2400 | 0.42 | – | – | 3.0 | 2.00 | – |',
    );
    expect(page).toContain('did not finish |  |  | was ended by SIGKILL |');
    expect(page).toContain('somebody else was at work');
    expect(page).toContain('(2026-01-02-some-cpu-42.svg)');
    await temporary.remove();
  });

  test('the chart names every finished contestant with its median', () => {
    const texts = textsOf(drawResults(results));
    expect(texts).toEqual(
      expect.arrayContaining([
        'LesionFlow',
        '1.00 s',
        '4.10 s',
        '2.40 s',
        'torchvision, contiguous',
      ]),
    );
    expect(texts).not.toContain('eager TensorFlow.js');
  });

  test('an unfinished contestant is nobody to compare with', () => {
    const [first] = results.cases;
    expect(first && bestOf(first, 'eager')).toBeUndefined();
    expect(first && bestOf(first, 'torchvision')?.name).toBe('torchvision, channels last');
  });
});

describe('what is measured', () => {
  test('data has no precision, and a start is measured once', () => {
    const cases = benchCases({
      cases: ['detect', 'load', 'start-up'],
      sizes: [1024, 512],
      batches: [4, 1],
      precisions: ['float32', 'bfloat16'],
    });
    const of = (kind: string) => cases.filter((one) => one.kind === kind);
    expect(of('detect')).toHaveLength(8);
    expect(of('load')).toHaveLength(4);
    expect(of('start-up')).toEqual([{ ...train, kind: 'start-up' }]);
  });

  test('shapes stand in place of sizes and batches', () => {
    const { shapes } = parseOptions(['node', 'bench', '--shapes', '512x1,256x4']);
    const options = { sizes: [64], batches: [9], precisions: ['float32'] } as const;
    expect(benchCases({ ...options, shapes, cases: ['train-all'] })).toEqual([
      train,
      { ...train, size: 256, batch: 4 },
    ]);
  });

  test('a wrong option is named', () => {
    const parse = (...args: string[]) => parseOptions(['node', 'bench', ...args]);
    expect(() => parse('--sizes', '500')).toThrow(/sizes/);
    expect(() => parse('--cases', 'train')).toThrow(/train-all/);
    expect(() => parse('--shapes', '512')).toThrow(/shapes/);
    expect(() => parse('--rounds', '0')).toThrow(/rounds/);
    expect(parse('--short', '--rounds', '2')).toMatchObject({
      rounds: 2,
      sizes: [256],
      batch: [1],
    });
    expect(parse()).toMatchObject({ rounds: 5, warmUps: 2, sizes: [256, 512, 1024] });
  });

  test('eager is left out where its memory would not do', () => {
    const memory = 24 * 2 ** 30;
    expect(whyNotEager(train, memory)).toBeUndefined();
    expect(whyNotEager({ ...train, size: 1024, batch: 4 }, memory)).toMatch(/GB/);
    expect(whyNotEager({ ...train, precision: 'bfloat16' }, memory)).toMatch(/bfloat16/);
  });

  test('a peer that is not installed is left out with the reason', () => {
    const { entrants, leftOut } = lineUp(train, {
      peers: ['torchvision', 'eager'],
      python: undefined,
      whyNoPython: 'not here',
      memoryBytes: 2 ** 35,
      cacheFolder: '/tmp/cache',
    });
    expect(entrants.map(({ name }) => name)).toEqual(['LesionFlow', 'eager TensorFlow.js']);
    expect(leftOut).toEqual([{ name: 'torchvision', outcome: 'left out', reason: 'not here' }]);
  });

  test('the threshold leaves three detections, and none that were not there before', () => {
    const scores = [0.99, 0.8, 0.98, 0.95, 0.9];
    const threshold = fewDetections([scores], 0.7);
    expect(scores.filter((score) => score >= threshold)).toEqual([0.99, 0.98, 0.95]);
    expect(fewDetections([[0.9, 0.8], []], 0.7)).toBe(0.7);
  });
});

test('a busy machine is waited for, then warned of', async () => {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const loads = [3, 3, 3, 0.2];
  const readLoad = () => loads.shift() ?? 0.2;
  expect(await untilQuiet({ patienceMs: 50, say, readLoad })).toBeUndefined();
  expect(said).toHaveLength(1);
  expect(await untilQuiet({ patienceMs: 20, say, readLoad: () => 3 })).toMatch(/3\.00/);
});

test('a processor is a part of a file name', () => {
  expect(slug('Intel(R) Xeon(R) Gold 6140 CPU @ 2.30GHz')).toBe('intel-xeon-gold-6140-cpu');
});
