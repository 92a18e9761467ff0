/** The commands that ask something of a run under way: a real Temporal server, real workers, epochs of fakes. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  startTemporal,
  startWorkers,
  withWorkers,
  type RunningWorkers,
  type TestTemporalServer,
} from '../workflows/support/environment.ts';
import { fakeActivities, request } from '../workflows/support/fake-activities.ts';
import { eventually, startPipeline, statusOf, untilAsked } from '../workflows/support/runs.ts';
import { SteppingEpochs, stepsOf } from '../workflows/support/stepping-epochs.ts';
import { lesionflowHere } from './here.ts';

let environment: TestTemporalServer;
let workers: RunningWorkers | undefined;
const epochs = new SteppingEpochs();
const { activities } = fakeActivities({ trainEpoch: epochs.trainEpoch });

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});

const lesionflow = (...args: readonly string[]) =>
  lesionflowHere(args, {
    TEMPORAL_ADDRESS: environment.address,
    TEMPORAL_NAMESPACE: environment.namespace,
  });

/** What a command says that succeeds. */
async function said(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lesionflow(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.trim();
}

/** Exit code and message of one that does not. */
async function complaint(...args: readonly string[]): Promise<[number | null, string]> {
  const { code, stdout, stderr } = await lesionflow(...args);
  expect([stdout, stderr]).toEqual(['', expect.not.stringContaining('    at ')]);
  return [code, stderr.trim()];
}

describe('with workers', () => {
  beforeAll(async () => {
    workers = await startWorkers(environment, activities);
  });
  afterAll(async () => {
    await workers?.stop();
  });

  test('a run is paused, extended, resumed and stopped early', async () => {
    epochs.standAt(2, 4);
    const run = await startPipeline(environment, request, 'controlled');
    await epochs.untilStanding();
    expect(await complaint('resume', 'controlled')).toEqual([3, 'The run is not paused.']);
    expect(await said('pause', 'controlled')).toMatch(/^Paused\. .*epoch 2 after 3 of its steps/);
    expect(await said('runs', 'show', 'controlled')).toMatch(
      /^controlled: paused,[^]*▶ train .*paused · epoch 2 of 3[^]*Last checkpoint: epoch 2 after 3/,
    );
    expect(await said('extend', 'controlled', '--epochs', '2', '--stage', 'all')).toMatch(
      /^The stage all has 3 epochs now, 2 more\./,
    );
    expect(await said('resume', 'controlled', '--no-wait')).toMatch(/^Left for controlled\./);
    await eventually(async () => (await statusOf(run)).state === 'running');
    expect(await said('stop-early', 'controlled', '--stage', 'heads')).toMatch(
      /^The stage heads ends after the epoch under way/,
    );
    epochs.goOn();
    await run.result();
    expect(epochs.taken).toEqual(stepsOf(1, 2, 3, 4, 5));
    expect(await complaint('pause', 'controlled')).toEqual([
      2,
      'The run controlled is over: it is completed.',
    ]);
  });

  test('a run is cancelled, and its last checkpoint named', async () => {
    epochs.standAt(1, 3);
    await startPipeline(environment, request, 'cancelled');
    await epochs.untilStanding();
    expect(await said('cancel', 'cancelled')).toMatch(
      /^The run cancelled is cancelled\. Last checkpoint: epoch 1 after 2 of its steps/,
    );
    expect(await complaint('cancel', 'cancelled')).toEqual([
      2,
      'The run cancelled is over: it is cancelled.',
    ]);
  });

  test('a version is approved by whoever asks, with a reason', async () => {
    epochs.goOn();
    const run = await startPipeline(
      environment,
      { ...request, publish: { approval: { hours: 1 } } },
      'asking',
    );
    await untilAsked(run);
    expect(await said('runs', 'show', 'asking')).toMatch(
      /waits for approval until [^]*"lesionflow approve asking"/,
    );
    expect(await said('approve', 'asking', '--by', 'Ada', '--reason', 'fine')).toBe(
      'champion names lesion 1 now: fine.',
    );
    expect(await run.result()).toMatchObject({ alias: { moved: true, by: 'Ada' } });
  });

  test('a run that is not there, and an impossible number of epochs, are wrong usage', async () => {
    expect(await complaint('pause', 'nobody')).toEqual([
      2,
      expect.stringContaining('There is no run "nobody"'),
    ]);
    expect(await complaint('extend', 'nobody', '--epochs', '-1')).toEqual([
      2,
      expect.stringContaining('whole number from 1 on'),
    ]);
  });
});

test('without a worker a command says what to do, and its request can be left', async () => {
  const run = await startPipeline(environment, request, 'waiting');
  const [code, message] = await complaint('pause', 'waiting');
  expect(code).toBe(1);
  expect(message).toMatch(/^No data worker has taken up the request for waiting.*--no-wait/);
  await said('pause', 'waiting', '--no-wait');
  await withWorkers(environment, fakeActivities().activities, async () => {
    await eventually(async () => (await statusOf(run)).state === 'paused');
    await said('resume', 'waiting');
    await run.result();
  });
});
