/** `lesionflow serve` as a process: its words, its exit codes, and that it leaves nothing undone or running. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { modelStateSchema, predictionSchema } from '../../serve/api.ts';
import { runLesionflow, startLesionflow, type Running } from '../cli/run-lesionflow.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { jpegOf } from './support/pictures.ts';
import { publishChampion } from './support/publish.ts';
import { until } from './support/running-server.ts';
import { sureConfig, writeSureModel } from './support/sure-model.ts';

const testStore = withTestStore();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const environment = () => ({
  ...testStore().environment,
  LESIONFLOW_HOME: folder.path,
  LESIONFLOW_LOG_LEVEL: 'debug',
});

describe('lesionflow serve', () => {
  test('answers what is under way after SIGTERM, then ends with the process that holds the model', async () => {
    const config = sureConfig();
    const weightsPath = join(folder.path, 'weights.h5');
    await writeSureModel(weightsPath, { config, confidence: 0.9 });
    const publication = { config, weightsPath, score: 0.8, folder: folder.path };
    await publishChampion(testStore().store, { model: 'mole', ...publication });

    const flags = ['--model', 'mole@champion', '--host', '0.0.0.0', '--port', '0'];
    const serving = startLesionflow(['serve', ...flags], environment());
    let log = '';
    serving.child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const address = await addressOf(serving);
    await until(async () => {
      const state = await fetch(`${address}api/v1/model`);
      return modelStateSchema.parse(await state.json()).state === 'ready';
    });
    const inference = childrenOf(serving.child.pid ?? 0);
    expect(inference).toHaveLength(1);
    const secrets = readFileSync(`/proc/${String(inference[0])}/environ`, 'utf8');
    expect(secrets).toContain('LESIONFLOW_HOME');
    expect(secrets).not.toContain('AWS_SECRET_ACCESS_KEY');
    inference.forEach((pid) => process.kill(pid, 'SIGSTOP'));
    const form = new FormData();
    form.append('picture', new Blob([await jpegOf(100, 80)]), 'smith-anna.jpg');
    const response = fetch(`${address}api/v1/predictions`, { method: 'POST', body: form });
    await until(() => log.includes('goes to the model'));
    serving.child.kill('SIGTERM');
    await serving.until('Answering what is under way');
    inference.forEach((pid) => process.kill(pid, 'SIGCONT'));

    const answer = await response;
    expect(predictionSchema.parse(await answer.json())).toMatchObject({
      model: 'mole',
      version: 1,
    });
    const { code, stdout, stderr } = await serving.finished;
    expect(code).toBe(0);
    expect(stdout).toMatch(/Warning: 0\.0\.0\.0 .*no authentication/);
    expect(stderr).not.toContain('smith');
    expect(inference.filter((pid) => existsSync(`/proc/${String(pid)}`))).toEqual([]);
  });

  test('names the port that is taken, and what to do', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const port = String((other.address() as AddressInfo).port);
    const { code, stderr } = await runLesionflow(['serve', '--port', port], environment());
    other.close();
    expect(stderr).toMatch(new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is in use.*--port`));
    expect(code).toBe(2);
  });

  test('refuses options that are no numbers', async () => {
    const { code, stderr } = await runLesionflow(['serve', '--places', 'many'], environment());
    expect([code, stderr]).toEqual([2, expect.stringContaining('whole number from 1')]);
  });
});

/** What it says, on this machine's own address. */
async function addressOf(serving: Running): Promise<string> {
  let said = '';
  serving.child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await serving.until('Warning');
  const [, port = ''] = /http:\/\/[\d.]+:(\d+)\//.exec(said) ?? [];
  return `http://127.0.0.1:${port}/`;
}

/** Node children: what watches a parent is a thread. */
function childrenOf(pid: number): number[] {
  const threads = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
  return threads.split(' ').filter(Boolean).map(Number).filter(isNode);
}

const isNode = (pid: number): boolean =>
  readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes('inference/process');
