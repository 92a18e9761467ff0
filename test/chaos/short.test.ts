/**
 * `npm run chaos -- --short`, as its own process: the real pipeline loses its trainer and its store, and its GPU worker
 * is sent away, in one run, and all oracles hold. Would catch: an inexact restart, a second publication, processes or uploads that
 * are left, and a harness that does not work.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/temporary-folder.ts';

const MINUTE = 60_000;

test(
  'a run survives the kill of its trainer and its store, and the leave of its GPU worker',
  async () => {
    const folder = await temporaryFolder();
    const report = join(folder.path, 'page.md');
    writeFileSync(report, '<!-- chaos: begin -->\n<!-- chaos: end -->\n');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        ...['--import', './infra/typescript-loader.mjs', 'chaos/chaos.ts', '--short'],
        ...['--folder', join(folder.path, 'data'), '--report', report],
      ],
      { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
    );
    expect({ status, said: `${stdout}\n${stderr}`.slice(-4_000) }).toMatchObject({ status: 0 });
    const page = readFileSync(report, 'utf8');
    expect(page).toMatch(/1 runs with 3 faults, 0 violations/);
    for (const fault of [
      'kill trainer | checkpoint upload',
      'kill S3 server | between stages',
      'SIGTERM to GPU worker | validate',
    ]) {
      expect(page).toContain(`| ${fault} | 1 | 1 |`);
    }
    await folder.remove();
  },
  15 * MINUTE,
);
