/**
 * Two runs of a compiled train step from equal weights give equal bits, with the setting that graph.md
 * found to be needed. It is read when TensorFlow is loaded, so each run is a process.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('./support/hash-of-training.ts', import.meta.url));

function hashOfTraining(): string {
  return execFileSync(process.execPath, ['--import', 'tsx', SCRIPT], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, TF_DETERMINISTIC_OPS: '1' },
  }).trim();
}

describe('a compiled train step', () => {
  it('gives equal bits in two processes', () => {
    const first = hashOfTraining();

    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOfTraining()).toBe(first);
  });
});
