/**
 * A trainer that the kernel really kills for lack of memory: in a control group of its own, with little. Skipped
 * where a test may not make one.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { TrainerHost } from '../../trainer/host.ts';
import { epochTask } from './fixtures/epoch-task.ts';

const TASKS = fileURLToPath(new URL('./fixtures/tasks.ts', import.meta.url));
const LIMIT_BYTES = 400 * 2 ** 20;

/** Below this process's own, by version 2 or 1 of control groups; `undefined` where that is not allowed. */
function smallGroup(): string | undefined {
  const groups = readFileSync('/proc/self/cgroup', 'utf8');
  const v1 = /^\d+:memory:(.*)$/m.exec(groups)?.[1];
  const [parent, limit] =
    v1 === undefined
      ? [join('/sys/fs/cgroup', /^0::(.*)$/m.exec(groups)?.[1] ?? ''), 'memory.max']
      : [join('/sys/fs/cgroup/memory', v1), 'memory.limit_in_bytes'];
  const group = join(parent, `lesionflow-test-${String(process.pid)}`);
  try {
    mkdirSync(group);
    if (existsSync(join(group, limit))) {
      writeFileSync(join(group, limit), String(LIMIT_BYTES));
      return group;
    }
    rmdirSync(group);
  } catch {
    // Not root, or the file system is not there or not ours.
  }
  return undefined;
}

const group = process.platform === 'linux' ? smallGroup() : undefined;

(group === undefined ? test.skip : test)(
  'a real kill for lack of memory is told from any other SIGKILL',
  async () => {
    await using host = new TrainerHost({ entry: TASKS, onLog: () => undefined });
    const running = host.run(epochTask('eats-memory'), {
      onProgress: ({ done }) => {
        if (done === 0) writeFileSync(join(group ?? '', 'cgroup.procs'), String(host.pid));
      },
    });
    await expect(running).rejects.toMatchObject({
      code: 'out-of-memory',
      retryable: true,
      values: { signal: 'SIGKILL' },
    });
    rmdirSync(group ?? '');
  },
);
