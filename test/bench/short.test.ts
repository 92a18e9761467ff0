/** `npm run bench -- --short` with the real model: its results are complete and well formed. No time is judged. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { resultsSchema } from '../../bench/results.ts';

test('a short bench measures ours and eager, and says why there is no torchvision', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-short-'));
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'bench/bench.ts', '--short', '--pictures', folder, '--out', folder],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '', LESIONFLOW_BENCH_PYTHON: '' },
    },
  );
  expect({ status, stderr: stderr.slice(-2_000) }).toMatchObject({ status: 0 });
  const files = readdirSync(folder);
  const json = files.find((name) => name.endsWith('.json')) ?? '';
  expect(files.sort()).toEqual([json, json.replace('.json', '.svg'), 'README.md'].sort());
  const results = resultsSchema.parse(JSON.parse(readFileSync(join(folder, json), 'utf8')));
  expect(results.pictures).toMatch(/synthetic/);
  expect(results.cases.map((one) => one.case.kind)).toEqual(['train-all', 'detect']);
  for (const { entries } of results.cases) {
    const outcomes = new Map(entries.map(({ name, outcome }) => [name, outcome]));
    expect(outcomes.get('LesionFlow')).toBe('finished');
    expect(outcomes.get('eager TensorFlow.js')).toBe('finished');
    // A checkout in which the peer was installed measures it.
    expect([...outcomes.keys()].some((name) => name.startsWith('torchvision'))).toBe(true);
  }
  rmSync(folder, { recursive: true });
});
