/**
 * The README's first command, as a stranger runs it, but with fewer steps, and with its GPU worker killed in
 * mid-epoch. Would catch: rooms that do not fit each other, an epoch that a killed worker takes along, a demo
 * that leaves processes behind or prints paths where nothing is.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { storeKeys } from '../../contracts/store-keys.ts';
import { runLesionflow, startLesionflow } from '../cli/run-lesionflow.ts';
import { temporaryFolder } from '../support/servers.ts';

const MINUTE = 60_000;

describe('npm run demo', () => {
  let home: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    home = await temporaryFolder();
  });
  afterAll(() => home.remove());

  it(
    'trains, survives the kill of its GPU worker, publishes, predicts, and leaves nothing running',
    async () => {
      const environment = {
        LESIONFLOW_HOME: home.path,
        LESIONFLOW_CACHE: join(home.path, 'cache'),
      };
      const options = {
        'model.stepsPerEpoch': 6,
        'model.validationSteps': 1,
        'training.stages.0.epochs': 2,
        'timeouts.heartbeatSeconds': 45,
      };
      const sets = Object.entries(options).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
      const demo = startLesionflow(['demo', '--exit', ...sets], environment);
      await demo.until('epoch 1 of 2');
      const workers = processesOf(home.path, 'workers/gpu-worker');
      expect(workers).toHaveLength(1);
      workers.forEach((pid) => process.kill(pid, 'SIGKILL'));
      const { code, stdout, stderr } = await demo.finished;

      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stdout.indexOf('The gpu worker was killed by SIGKILL')).toBeLessThan(
        stdout.indexOf('epoch 2 of 2'),
      );
      expect(stdout).toMatch(/Jaccard +0\.\d/);
      expect(stdout).toMatch(/champion/);
      const overlays = pathAfter(stdout, 'Overlay pictures');
      expect(readdirSync(overlays).filter((name) => name.endsWith('.png'))).not.toHaveLength(0);
      const { format } = await sharp(pathAfter(stdout, 'A prediction')).metadata();
      expect(format).toBe('png');
      const [, runId = ''] = /^Run (\S+)/m.exec(stdout) ?? [];
      const page = join(home.path, 'demo/store/objects/lesionflow', storeKeys.runPage(runId));
      expect(readFileSync(page, 'utf8')).toContain(runId);
      expect(processesOf(home.path, '')).toEqual([]);
    },
    12 * MINUTE,
  );

  it('says which option is wrong before it starts anything', async () => {
    const { code, stderr } = await runLesionflow(['demo', '--exit', '--set', 'model.bakbone=x'], {
      LESIONFLOW_HOME: home.path,
    });
    expect(code).toBe(2);
    expect(stderr).toContain('bakbone');
  });
});

const pathAfter = (text: string, label: string): string =>
  text
    .split('\n')
    .find((line) => line.startsWith(label))
    ?.slice(label.length)
    .trim() ?? '';

/** Processes that were started with `folder` in their environment, and with `command` on their command line. */
function processesOf(folder: string, command: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
        return read('environ').includes(folder) && read('cmdline').includes(command);
      } catch {
        return false;
      }
    })
    .map(Number);
}
