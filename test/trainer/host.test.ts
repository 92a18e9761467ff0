/** The host against real processes: real exits, real signals, real silence. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ActivityProgress } from '../../contracts/progress.ts';
import {
  TrainerBusyError,
  TrainerDiedError,
  TrainerStalledError,
  TrainerStartError,
  TrainerTaskError,
} from '../../trainer/errors.ts';
import { TrainerHost, type TrainerHostOptions } from '../../trainer/host.ts';
import { epochTask, finished } from './fixtures/epoch-task.ts';

const TASKS = fileURLToPath(new URL('./fixtures/tasks.ts', import.meta.url));
const OWNER = fileURLToPath(new URL('./fixtures/owner.ts', import.meta.url));

const hosts: TrainerHost[] = [];
function startHost(options: TrainerHostOptions = {}): TrainerHost {
  const host = new TrainerHost({ entry: TASKS, onLog: () => undefined, ...options });
  hosts.push(host);
  return host;
}
afterEach(() => Promise.all(hosts.splice(0).map((host) => host.close())));

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A process that is gone, or will be within `withinMs`. */
async function gone(pid: number, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited < withinMs && exists(pid); waited += 50) await sleep(50);
  return !exists(pid);
}

describe('a task', () => {
  test('reports each step, gives its result, and leaves the process warm for the next', async () => {
    const host = startHost();
    const steps: ActivityProgress[] = [];
    const onProgress = (step: ActivityProgress) => void steps.push(step);
    const first = finished(await host.run(epochTask('steps'), { onProgress }));
    expect(steps.map(({ done }) => done)).toEqual([1, 2, 3]);
    expect(steps[0]?.losses?.total).toBe(1);
    const second = finished(await host.run(epochTask('steps')));
    expect(second.checkpoint.manifestKey).toBe(first.checkpoint.manifestKey);
    expect([first.result.seconds, second.result.seconds]).toEqual([1, 2]);
  });

  test('that fails keeps its code, whether it may run again, and its values', async () => {
    const host = startHost();
    const error = await failure(host.run(epochTask('typed-failure')));
    expect(error).toBeInstanceOf(TrainerTaskError);
    expect(error).toMatchObject({
      code: 'non-finite-loss',
      retryable: false,
      originalName: 'LesionFlowError',
      message: 'the loss is not finite at step 3',
      values: { step: 3, loss: 'NaN' },
    });
    expect(await failure(host.run(epochTask('plain-failure')))).toMatchObject({
      code: 'unexpected',
      retryable: true,
    });
    await host.run(epochTask('steps'));
  });

  test('is refused while another runs', async () => {
    const host = startHost();
    const first = host.run(epochTask('steps'));
    expect(await failure(host.run(epochTask('steps')))).toBeInstanceOf(TrainerBusyError);
    await first;
  });
});

describe('cancelling', () => {
  test('stops between two steps with the given reason and keeps the process', async () => {
    const host = startHost();
    const abort = new AbortController();
    const reason = new Error('the run was cancelled');
    const running = host.run(epochTask('forever'), {
      signal: abort.signal,
      onProgress: ({ done }) => done === 3 && abort.abort(reason),
    });
    expect(await failure(running)).toBe(reason);
    const pid = host.pid;
    const { checkpoint } = finished(await host.run(epochTask('steps')));
    expect(checkpoint.manifestKey).toBe(String(pid));
  });

  test('kills a process that does not listen, after the grace', async () => {
    const host = startHost({ saveGraceMs: 200 });
    const abort = new AbortController();
    const running = host.run(epochTask('deaf-later'), {
      signal: abort.signal,
      onProgress: () => setTimeout(() => abort.abort(), 100),
    });
    const error = await failure(running);
    expect(error).toMatchObject({ name: 'AbortError' });
    expect(exists(host.pid ?? 0)).toBe(false);
    await host.run(epochTask('steps'));
  });

  test('an epoch waits for what it saves, longer than for other tasks', async () => {
    const host = startHost({ cancelGraceMs: 1 });
    const abort = new AbortController();
    const output = await host.run(epochTask('steps-until-told'), {
      signal: abort.signal,
      onProgress: ({ done }) => done === 3 && abort.abort(),
    });
    expect(output).toMatchObject({ kind: 'interrupted', checkpoint: { stage: 'heads' } });
  });

  test('before the start starts nothing', async () => {
    const host = startHost();
    const signal = AbortSignal.abort(new Error('too late'));
    expect(await failure(host.run(epochTask('steps'), { signal }))).toMatchObject({
      message: 'too late',
    });
    expect(host.pid).toBeUndefined();
  });
});

describe('a trainer that', () => {
  test('crashes natively is a retryable failure with its last words, and is replaced', async () => {
    const host = startHost();
    const error = await failure(host.run(epochTask('segfault')));
    expect(error).toBeInstanceOf(TrainerDiedError);
    expect(error).toMatchObject({
      code: 'trainer-crashed',
      retryable: true,
      values: { signal: 'SIGSEGV' },
    });
    expect(String(error)).toContain('last words');
    await host.run(epochTask('steps'));
  });

  test.each([
    ['the kernel counts a kill for lack of memory', 1, 'out-of-memory'],
    ['nothing tells of lack of memory', 0, 'trainer-killed'],
  ])('is killed while %s says so', async (_, risen, code) => {
    let kills = 5;
    const host = startHost({ memoryKills: () => kills });
    const running = host.run(epochTask('forever'), {
      onProgress: ({ done }) => {
        if (done !== 2) return;
        process.kill(host.pid ?? 0, 'SIGSTOP');
        // After the last sign of life, as the kernel does it.
        setTimeout(() => {
          kills += risen;
          process.kill(host.pid ?? 0, 'SIGKILL');
        }, 100);
      },
    });
    const error = await failure(running);
    expect(error).toMatchObject({ code, retryable: true, values: { signal: 'SIGKILL' } });
  });

  test.each([
    ['fills its heap', 'fills-heap', 'out-of-memory'],
    ['cannot allocate natively', 'bad-alloc', 'out-of-memory'],
    ['is brought down by its GPU', 'gpu-crash', 'gpu-lost'],
    ['exits by itself', 'exit', 'trainer-exited'],
  ])('%s says so', async (_, behaviour, code) => {
    const host = startHost({ environment: { NODE_OPTIONS: '--max-old-space-size=200' } });
    const error = await failure(host.run(epochTask(behaviour)));
    expect(error).toBeInstanceOf(TrainerDiedError);
    expect(error).toMatchObject({ code, retryable: true });
  });

  test.each([
    ['loses its GPU', 'gpu-failure', 'gpu-lost'],
    ["has too little of the GPU's memory", 'no-gpu-memory', 'out-of-memory'],
  ])('%s says so and is not used again', async (_, behaviour, code) => {
    const host = startHost();
    const error = await failure(host.run(epochTask(behaviour)));
    expect(error).toMatchObject({ code, retryable: true });
    const spoilt = host.pid;
    expect(exists(spoilt ?? 0)).toBe(false);
    const { checkpoint } = finished(await host.run(epochTask('steps')));
    expect(checkpoint.manifestKey).not.toBe(String(spoilt));
  });

  test('finds the disk full says so, and is used again', async () => {
    const host = startHost();
    const error = await failure(host.run(epochTask('disk-full')));
    expect(error).toMatchObject({ code: 'disk-full', retryable: true });
    const pid = host.pid;
    await host.run(epochTask('steps'));
    expect(host.pid).toBe(pid);
  });

  test('says nothing is killed, so that its slot is free again', async () => {
    const host = startHost();
    const error = await failure(host.run(epochTask('silent'), { stallTimeoutMs: 300 }));
    expect(error).toBeInstanceOf(TrainerStalledError);
    expect(error).toMatchObject({ retryable: true });
    expect(exists(host.pid ?? 0)).toBe(false);
  });

  test('speaks nonsense is killed instead of trusted', async () => {
    const host = startHost();
    expect(await failure(host.run(epochTask('bad-progress')))).toMatchObject({ name: 'ZodError' });
    expect(exists(host.pid ?? 0)).toBe(false);
  });

  test('cannot start is a final failure that shows what the process wrote', async () => {
    const host = startHost({ environment: { FIXTURE: 'fails-at-start' } });
    const error = await failure(host.run(epochTask('steps')));
    expect(error).toBeInstanceOf(TrainerStartError);
    expect(error).toMatchObject({ retryable: false, values: { exitCode: 1 } });
    expect(String(error)).toContain('libtensorflow_cc');
  });

  test('never becomes ready is given up', async () => {
    const host = startHost({ environment: { FIXTURE: 'never-ready' }, startTimeoutMs: 2000 });
    expect(await failure(host.run(epochTask('steps')))).toBeInstanceOf(TrainerStartError);
  });
});

describe('the worker killed with SIGKILL', () => {
  // "deaf-later" blocks its event loop as a hanging native op does: only the watching thread can end it.
  test.each(['forever', 'deaf-later'])('leaves no trainer behind (%s)', async (behaviour) => {
    const owner = spawn(process.execPath, ['--import', 'tsx', OWNER, behaviour], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString().split('\n')[0]);
    await sleep(200);
    expect(exists(pid)).toBe(true);
    owner.kill('SIGKILL');
    expect(await gone(pid, 5000)).toBe(true);
  });
});
