/** The harm that the harness does is real: disks fill, bytes flip, processes come back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { damageNewestCheckpoint } from '../../chaos/faults/damage.ts';
import { KeptPart, type Part } from '../../chaos/kept-part.ts';
import { fillDisk, onLimitedDisk, whyNoLimitedDisk } from '../../chaos/limited-disk.ts';
import { splitPage, writeReport } from '../../chaos/report.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

describe('a full disk', () => {
  it('is full for the one process, and free again', async () => {
    const path = join(folder.path, 'disk');
    mkdirSync(path);
    const why = await whyNoLimitedDisk(path);
    if (why !== undefined) {
      // Such a machine leaves the fault out; the reason is what its report says.
      expect(why).not.toBe('');
      return;
    }
    const bytes = 8 * 1024 * 1024;
    const limited = onLimitedDisk({ command: 'sleep', args: ['60'] }, { folder: path, bytes });
    const child = spawn(limited.command, [...limited.args]);
    const inside = `/proc/${child.pid ?? 0}/root${path}`;
    await untilMounted(inside, bytes);
    const free = fillDisk(child.pid ?? 0, path);
    expect(() => writeFileSync(join(inside, 'more'), 'x'.repeat(10_000))).toThrow(/ENOSPC/);
    writeFileSync(join(path, 'outside'), 'x');
    free();
    writeFileSync(join(inside, 'more'), 'x'.repeat(10_000));
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});

async function untilMounted(path: string, bytes: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { blocks, bsize } = statfsSync(path);
    if (blocks * bsize === bytes) return;
    await sleep(50);
  }
  throw new Error(`${path} was never mounted`);
}

describe('a damaged checkpoint', () => {
  it('is the newest, by one byte in the middle, and is mended again', async () => {
    const checkpoint = (name: string) => join(folder.path, 'runs/r/checkpoints/heads', name);
    const write = (name: string) => {
      mkdirSync(checkpoint(name), { recursive: true });
      writeFileSync(join(checkpoint(name), 'weights.h5'), 'weights');
      writeFileSync(join(checkpoint(name), 'manifest.json'), '{}');
    };
    const read = (name: string) => readFileSync(join(checkpoint(name), 'weights.h5'), 'latin1');
    write('e2-s20-a');
    await sleep(20);
    write('e1-s10-z');
    const mend = damageNewestCheckpoint(folder.path, 'r');
    expect([read('e2-s20-a'), read('e1-s10-z')]).toEqual(['weights', 'wei\x98hts']);
    mend();
    expect(read('e1-s10-z')).toBe('weights');
    damageNewestCheckpoint(folder.path, 'no-such-run')();
  });
});

describe('a part of the plant', () => {
  const start = async (): Promise<Part> => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const exited = once(child, 'exit');
    const stop = async () => {
      child.kill();
      await exited;
    };
    return { pid: child.pid ?? 0, exited, stop };
  };

  it('is started again when it is killed, after failed starts too, and stays down when stopped', async () => {
    const notices: string[] = [];
    let failures = 1;
    let starts = 0;
    const part = await KeptPart.start({
      name: 'It',
      onNotice: (notice) => notices.push(notice),
      start: () => {
        if (starts++ > 0 && failures-- > 0) return Promise.reject(new Error('not yet'));
        return start();
      },
    });
    const first = part.pid;
    process.kill(first, 'SIGKILL');
    while (part.pid === first) await sleep(50);
    expect(notices).toEqual([
      `It ended (process ${first})`,
      'It cannot be started: Error: not yet',
      `It runs again (process ${part.pid})`,
    ]);
    await part[Symbol.asyncDispose]();
    expect(starts).toBe(3);
    expect(notices).toHaveLength(3);
  });

  it('lets another take its place, and then looks after that one', async () => {
    const part = await KeptPart.start({ name: 'It', start, onNotice: () => undefined });
    const second = await start();
    const before = part.replaceBy(second);
    await before.stop();
    await sleep(1_500);
    expect(part.pid).toBe(second.pid);
    process.kill(second.pid, 'SIGKILL');
    while (part.pid === second.pid) await sleep(50);
    await part[Symbol.asyncDispose]();
  });
});

describe('the report', () => {
  it('takes the place between its markers, and refuses a page without', () => {
    const path = join(folder.path, 'page.md');
    writeFileSync(path, 'before\n<!-- chaos: begin -->\nold\n<!-- chaos: end -->\nafter\n');
    writeReport(path, 'new');
    writeReport(path, 'newer');
    expect(readFileSync(path, 'utf8')).toBe(
      'before\n<!-- chaos: begin -->\nnewer\n<!-- chaos: end -->\nafter\n',
    );
    writeFileSync(path, 'a page');
    expect(() => splitPage(path)).toThrow(/has no place for the table/);
  });
});
