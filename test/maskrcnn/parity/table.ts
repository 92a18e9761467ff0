/**
 * `npm run parity`: runs every test that holds a deviation from the reference to its tolerance
 * (test/support/parity-record.ts; all in this folder do) and writes docs/parity.md from what they saw. Exits
 * as jest does; what lies above its tolerance is on the page all the same, and marked.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parityPage, RECORD_VARIABLE, type ParityRow } from '../../support/parity-page.ts';

const folder = mkdtempSync(join(tmpdir(), 'lesionflow-parity-'));
try {
  const record = join(folder, 'rows.jsonl');
  process.exitCode = runTests(record);
  if (existsSync(record)) {
    const lines = readFileSync(record, 'utf8').trimEnd().split('\n');
    writeFileSync('docs/parity.md', parityPage(lines.map((line) => JSON.parse(line) as ParityRow)));
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** The exit status of jest. */
function runTests(record: string): number {
  const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', file))
    .filter(
      (file) =>
        readFileSync(file, 'utf8').includes('/parity-record.ts') || file.includes('/parity/'),
    );
  const options = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = ['node_modules/jest/bin/jest.js', '--runInBand', '--runTestsByPath', ...tests];
  const env = { ...process.env, [RECORD_VARIABLE]: record };
  return spawnSync(process.execPath, [...options, ...jest], { env, stdio: 'inherit' }).status ?? 1;
}
