/** `lesionflow runs …` over a real Temporal server that is restarted in the middle of a run. */
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { followRun } from '../../cli/follow-run.ts';
import { freePorts } from '../../infra/ports.ts';
import { startTemporalServer, type TemporalServer } from '../../infra/servers/temporal-server.ts';
import { prepareRunData, type PreparedRunData } from '../report/run-fixture.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import {
  startWorkers,
  type RunningWorkers,
  type TestTemporalServer,
} from '../workflows/support/environment.ts';
import { fakeActivities, request } from '../workflows/support/fake-activities.ts';
import { eventually, startPipeline } from '../workflows/support/runs.ts';
import { SteppingEpochs } from '../workflows/support/stepping-epochs.ts';
import { lesionflowHere } from './here.ts';
import { startLesionflow } from './run-lesionflow.ts';

const testStore = withTestStore();
let data: PreparedRunData;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let ports: { readonly grpc: number; readonly ui: number };
let server: TemporalServer;
let environment: TestTemporalServer;
let workers: RunningWorkers;
const epochs = new SteppingEpochs();

const startServer = () => startTemporalServer({ folder: folder.path, headless: true, ports });

beforeAll(async () => {
  // Workers complain of a server that is away.
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'OFF' } },
  });
  folder = await temporaryFolder();
  const [grpc = 0, ui = 0] = await freePorts(2);
  ports = { grpc, ui };
  server = await startServer();
  const { address, namespace } = server;
  const connected = await TestWorkflowEnvironment.createFromExistingServer({ address, namespace });
  const { client, nativeConnection } = connected;
  const teardown = () => connected.teardown();
  environment = { address, namespace, client, nativeConnection, teardown };
  data = await prepareRunData(testStore().store, { pictures: 6, side: 48 });
  const { activities } = fakeActivities({
    trainEpoch: epochs.trainEpoch,
    inspectDataset: () => Promise.resolve(data.dataset),
    splitDataset: () => Promise.resolve(data.split),
  });
  workers = await startWorkers(environment, activities);
});
afterAll(async () => {
  await workers.stop();
  await environment.teardown();
  await server.stop();
  await folder.remove();
});

const lesionflow = (...args: readonly string[]) =>
  lesionflowHere(args, { ...server.environment, ...testStore().environment });

async function said(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lesionflow(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

const json = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse(await said(...args, '--json'));

test('a run is watched to its end, in a terminal and in a log, though its server goes away and comes back', async () => {
  epochs.standAt(2, 4);
  await startPipeline(environment, request, 'tiny-20261126-120000-abcd');
  await epochs.untilStanding();
  let drawn = '';
  const output = {
    isTTY: true,
    columns: 120,
    write: (text: string) => (drawn += stripVTControlCharacters(text)),
  };
  const stopped = startLesionflow(
    ['runs', 'watch', 'tiny-20261126-120000-abcd'],
    server.environment,
  );
  await stopped.until('train: running');
  stopped.child.kill('SIGINT');
  expect((await stopped.finished).code).toBe(130);
  const { client } = environment;
  const live = followRun({ client, runId: 'tiny-20261126-120000-abcd', output });
  /** Fails with the watching, should it fail. */
  const untilDrawn = (text: string) =>
    Promise.race([
      eventually(() => Promise.resolve(drawn.includes(text))),
      live.then(() => Promise.reject(new Error(`it ended without "${text}"`))),
    ]);
  await untilDrawn('epoch 2 of 3 · 3 of 10 steps');
  process.kill(server.pid, 'SIGKILL');
  await server.exited;
  await untilDrawn('Temporal does not answer; waiting');
  server = await startServer();
  await untilDrawn('Temporal answers again.');
  const logged = lesionflow('runs', 'watch', 'tiny-20261126-120000-abcd');
  epochs.goOn();
  expect(await live).toMatchObject({ outcome: 'trained' });
  expect(drawn).toMatch(/✓ train +/);
  expect(drawn).toMatch(/epoch 3 \(all\): loss 2\.0000 · validation loss 2\.0000/);

  const { code, stdout } = await logged;
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Run tiny-20261126-120000-abcd\n/);
  expect(stdout).toContain('epoch 1 of 3 (heads): loss 6.0000, validation loss 6.0000, 2 s\n');
  expect(stdout).toMatch(
    /Published lesion version 1; champion names it now: there was no champion\.\n$/,
  );
  expect(stdout).not.toContain('\u001b');
}, 120_000);

test('runs are listed, shown and compared', async () => {
  const other = { ...request, model: { learningMomentum: 0.8 }, force: true };
  await (await startPipeline(environment, other, 'tiny-20261126-130000-ef01')).result();
  await eventually(async () => ((await json('runs', 'list')) as unknown[]).length === 2);
  const table = (await said('runs', 'list', '--state', 'completed')).split('\n');
  expect(table[0]).toMatch(/^state +started +took +data set +run$/);
  expect(table[1]).toMatch(/^completed .* tiny +tiny-20261126-130000-ef01$/);
  expect(await said('runs', 'list', '--dataset', 'other')).toMatch(/^No run is like that\./);
  expect(await json('runs', 'list', '--limit', '1')).toMatchObject([{ dataset: 'tiny' }]);

  const page = await said('runs', 'show', 'tiny-20261126-120000-abcd');
  expect(page).toMatch(/^tiny-20261126-120000-abcd: completed, /);
  expect(page).toMatch(/^ +2 +heads +3\.0000 +3\.0000 /m);
  expect(page).toMatch(/threshold Jaccard +0\.6000/);
  expect(await json('runs', 'show', 'tiny-20261126-120000-abcd')).toMatchObject({
    state: 'completed',
    epochs: [{ epoch: 1 }, { epoch: 2 }, { epoch: 3 }],
    published: { version: { version: 1 } },
  });

  const runs = ['tiny-20261126-120000-abcd', 'tiny-20261126-130000-ef01'];
  const comparison = await said('runs', 'compare', ...runs);
  expect(comparison).toMatch(/^state +completed +completed$/m);
  expect(comparison).toMatch(/^threshold Jaccard +0\.6000 +0\.6000$/m);
  expect(comparison).toMatch(/^model\.learningMomentum +0\.9 +0\.8$/m);
  expect(await json('runs', 'compare', ...runs)).toMatchObject({ isSameSplit: true });
  const alone = await lesionflow('runs', 'compare', 'x', 'x');
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('two different runs')]);
  const nobody = await lesionflow('runs', 'watch', 'nobody');
  expect([nobody.code, nobody.stderr]).toEqual([
    2,
    expect.stringContaining('There is no run "nobody"'),
  ]);
}, 60_000);

test('a run is inspected: data, recipe, lineage as far as it is stored, and what cannot be read', async () => {
  const page = await said('inspect', 'run', 'tiny-20261126-120000-abcd');
  expect(page).toMatch(/images: https:\/\/example\.org\/i\.zip\n/);
  const { pairs, quarantined } = data.dataset;
  expect(page).toContain(`moles: ${String(pairs)} pairs, ${String(quarantined)} set aside\n`);
  expect(page).toMatch(/missing-mask: .*ISIC_9000000\n/);
  expect(page).toMatch(/heads +heads +2 +0\.001 +constant\n/);
  expect(page).toContain('training.initialWeights.from: scratch\n');
  expect(page).toMatch(new RegExp(`data set .* ${data.dataset.hash}\n`));
  expect(page).toMatch(/Cannot be read:\n +version: .*v\.json/);
  const found = await json('inspect', 'run', 'tiny-20261126-120000-abcd');
  expect(found).toMatchObject({
    quarantined: expect.arrayContaining([expect.objectContaining({ id: 'ISIC_9000000' })]),
    split: { training: data.split.training, validation: expect.any(Array) },
    lineage: { split: { hash: data.split.hash } },
    checkpoints: [],
  });
});
