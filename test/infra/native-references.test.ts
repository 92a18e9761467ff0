/** A process in which TensorFlow's threads let go of JavaScript's arrays lives, and ends in good order. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('./fed-arrays.ts', import.meta.url));

test('arrays that other threads give up do not harm the process', () => {
  const { stdout, status, signal } = spawnSync(process.execPath, ['--import', 'tsx', SCRIPT], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    // More threads than cores, so that two of them are often at it at once.
    env: { ...process.env, NODE_OPTIONS: '', TF_NUM_INTEROP_THREADS: '8' },
  });

  expect({ stdout: stdout.trim(), status, signal }).toEqual({
    stdout: 'halved',
    status: 0,
    signal: null,
  });
});
