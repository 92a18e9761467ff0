/** `lesionflow schedule …` over a real Temporal server, whose own clock and policies are at work; epochs of fakes. */
import { readFileSync } from 'node:fs';
import { ApplicationFailure } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ShownSchedule } from '../../cli/schedules/render-schedules.ts';
import { pipelineInputSchema } from '../../contracts/pipeline-input.ts';
import type { PipelineResult } from '../../contracts/progress.ts';
import {
  startTemporal,
  startWorkers,
  type RunningWorkers,
  type TestTemporalServer,
} from '../workflows/support/environment.ts';
import { fakeActivities, request } from '../workflows/support/fake-activities.ts';
import { eventually } from '../workflows/support/runs.ts';
import { SteppingEpochs } from '../workflows/support/stepping-epochs.ts';
import { lesionflowHere } from './here.ts';

const { dataset } = request;
const ARCHIVES = ['--images', dataset.images, '--masks', dataset.masks];
const FLAGS = [...ARCHIVES, '--dataset', dataset.name, '--preset', 'tiny'];
const YEARLY = ['--cron', '0 2 1 1 *'];

let environment: TestTemporalServer;
let workers: RunningWorkers;

const epochs = new SteppingEpochs();
/** By what decides them; a test puts them there, as publishing does. */
const outcomes = new Map<string, PipelineResult>();
let lastAsked = '';
let isBroken = false;
const { activities } = fakeActivities({
  trainEpoch: epochs.trainEpoch,
  inspectDataset: () =>
    isBroken
      ? Promise.reject(ApplicationFailure.nonRetryable('all are black', 'too-many-quarantined'))
      : fakeActivities().activities.inspectDataset({} as never),
  findOutcome: ({ configHash }) => {
    lastAsked = configHash;
    return Promise.resolve({ key: configHash, earlier: outcomes.get(configHash) ?? null });
  },
});

beforeAll(async () => {
  environment = await startTemporal();
  workers = await startWorkers(environment, activities);
});
afterAll(async () => {
  await workers.stop();
  await environment.teardown();
});

const lesionflow = (...args: readonly string[]) =>
  lesionflowHere(['schedule', ...args], {
    TEMPORAL_ADDRESS: environment.address,
    TEMPORAL_NAMESPACE: environment.namespace,
    TEMPORAL_UI_URL: 'http://ui.example',
  });

async function said(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lesionflow(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

const printed = async <T>(...args: readonly string[]): Promise<T> =>
  JSON.parse(await said(...args, '--json')) as T;

async function complaint(...args: readonly string[]): Promise<[number | null, string]> {
  const { code, stdout, stderr } = await lesionflow(...args);
  expect([stdout, stderr]).toEqual(['', expect.not.stringContaining('    at ')]);
  return [code, stderr.trim()];
}

const show = (name: string) => printed<ShownSchedule>('show', name);
const resultOf = (runId: string) =>
  environment.client.workflow.getHandle(runId).result() as Promise<PipelineResult>;

async function trigger(name: string): Promise<string> {
  const { runId } = await printed<{ runId: string }>('trigger', name);
  return runId;
}

describe('making schedules', () => {
  test('the input is checked, then the schedule is there with its policies', async () => {
    expect(await complaint('create', 'weekly', ...YEARLY, ...FLAGS, '--set', 'modle=1')).toEqual([
      2,
      expect.stringMatching(/modle.*did you mean "?model/),
    ]);
    const flags = ['--cron', '0 2 * * SUN', '--timezone', 'Europe/Berlin', ...FLAGS];
    expect(await said('create', 'weekly', ...flags)).toMatch(
      /^weekly: active\nhttp:\/\/ui\.example\/namespaces\/default\/schedules\/weekly\n +when +0 2 \* \* SUN \(Europe\/Berlin\)\n +next +20\d\d-/,
    );
    const shown = await show('weekly');
    expect(shown).toMatchObject({
      ...{ isPaused: false, overlap: 'skip', catchupSeconds: 3600, pauseOnFailure: true },
      input: { dataset: { name: 'tiny', images: dataset.images } },
      ...{ counts: { started: 0, leftOut: 0, missed: 0 }, runs: [] },
    });
    expect(new Date(shown.next[0] ?? '').getUTCDay()).toBe(0);
  });

  test('what cannot be made says why and what to do', async () => {
    const create = (name: string, ...flags: string[]) =>
      complaint('create', name, ...flags, ...FLAGS);
    expect(await create('weekly', ...YEARLY)).toEqual([
      2,
      expect.stringMatching(/"weekly" already.*another name, or delete it first/),
    ]);
    expect(await create('bad', '--cron', '0 25 * * *')).toEqual([
      2,
      expect.stringMatching(/Hour is not in range.*"0 2 \* \* SUN"\. Nothing was created/),
    ]);
    expect(await create('bad', ...YEARLY, '--timezone', 'Europe/Nowhere')).toEqual([
      2,
      expect.stringMatching(/unknown time zone Europe\/Nowhere.*IANA/),
    ]);
    expect(await create('bad', '--cron', '0 2 30 2 *')).toEqual([
      2,
      expect.stringMatching(/No time will come/),
    ]);
    expect(await create('Mein Plan', ...YEARLY)).toEqual([
      2,
      expect.stringMatching(/lower-case letters/),
    ]);
    expect(await create('bad', ...YEARLY, '--catchup', '5s')).toEqual([
      2,
      expect.stringMatching(/from 10s on/),
    ]);
    expect(await complaint('trigger', 'bad')).toEqual([
      2,
      expect.stringMatching(/no schedule "bad"\. "lesionflow schedule list"/),
    ]);
  });
});

describe('runs of a schedule', () => {
  beforeAll(() => said('create', 'yearly', ...YEARLY, ...FLAGS));

  test('the first trains, the second finds nothing new', async () => {
    const first = await trigger('yearly');
    expect(first).toMatch(/^yearly-20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const trained = await resultOf(first);
    expect(trained).toMatchObject({ runId: first, outcome: 'trained' });
    outcomes.set(lastAsked, trained);

    const second = await trigger('yearly');
    expect(await resultOf(second)).toMatchObject({ runId: first, outcome: 'no-change' });
    const { runs, counts } = await show('yearly');
    expect(runs.map(({ runId, state }) => `${runId} ${state}`)).toEqual([
      `${second} no change`,
      `${first} completed`,
    ]);
    expect(counts).toEqual({ started: 2, leftOut: 0, missed: 0 });
    const { raw } = await environment.client.workflow.getHandle(first).describe();
    expect(JSON.stringify(raw.executionConfig?.userMetadata)).toContain(
      Buffer.from('"Train on tiny"').toString('base64'),
    );
  });

  test('one that fails pauses the schedule until it is told to go on', async () => {
    isBroken = true;
    const failing = await trigger('yearly');
    await expect(resultOf(failing)).rejects.toThrow();
    isBroken = false;
    await eventually(async () => (await show('yearly')).isPaused);
    expect(await said('show', 'yearly')).toMatch(
      new RegExp(`^yearly: paused \\(.*${failing}.*\\)[^]*nothing while it is paused[^]*failed `),
    );
    expect(await said('unpause', 'yearly')).toMatch(/^The schedule yearly goes on; next: 20/);
    expect(await show('yearly')).toMatchObject({
      isPaused: false,
      note: 'unpaused from the command line',
    });
  });

  test('by skip a run that comes too early is left out; one that is cancelled pauses nothing', async () => {
    outcomes.clear();
    epochs.standAt(1, 3);
    const going = await trigger('yearly');
    await epochs.untilStanding();
    expect(await complaint('trigger', 'yearly')).toEqual([
      3,
      expect.stringMatching(
        new RegExp(`No run was started: ${going} is still going.*policy is skip`),
      ),
    ]);
    expect((await show('yearly')).counts).toMatchObject({ leftOut: 1 });
    await environment.client.workflow.getHandle(going).cancel();
    await expect(resultOf(going)).rejects.toThrow();
    expect(await show('yearly')).toMatchObject({ isPaused: false });
    epochs.goOn();
  });

  test('by buffer-one it waits for its turn', async () => {
    await said('create', 'in-line', ...YEARLY, ...FLAGS, '--overlap', 'buffer-one');
    epochs.standAt(1, 3);
    const going = await trigger('in-line');
    await epochs.untilStanding();
    expect(await said('trigger', 'in-line')).toBe(`The run waits until ${going} has ended.\n`);
    epochs.goOn();
    await eventually(async () => (await show('in-line')).counts.started === 2);
    const [second] = (await show('in-line')).runs;
    expect(await resultOf(second?.runId ?? '')).toMatchObject({ outcome: 'trained' });
  });

  test('times that are over are made up for, one after another, each once', async () => {
    const backfill = async (from: string) => {
      const to = ['--to', '2026-01-01T02:00Z'];
      type Ids = { runId: string }[];
      const answer = await printed<{ asked: Ids; there: Ids }>(
        ...['backfill', 'yearly', '--from', from, ...to],
      );
      return [answer.asked, answer.there].map((runs) => runs.map(({ runId }) => runId));
    };
    const ids = ['2024', '2025', '2026'].map((year) => `yearly-${year}-01-01T02:00:00Z`);
    const [oldest, ...newer] = ids;
    expect(await backfill('2025-01-01T02:00Z')).toEqual([newer, []]);
    await eventually(async () => (await show('yearly')).runs[0]?.runId === newer[1]);
    expect(await backfill('2023-12-31')).toEqual([[oldest], newer]);
    await eventually(async () => (await show('yearly')).runs[0]?.runId === oldest);
    for (const id of ids) expect(await resultOf(id)).toMatchObject({ runId: id });
    const { runs } = await show('yearly');
    expect(runs.slice(0, 3).map(({ runId }) => runId)).toEqual([oldest, ...newer.toReversed()]);

    expect(
      await complaint('backfill', 'yearly', '--from', '2024-01-01', '--to', '2025-01-02'),
    ).toEqual([2, expect.stringMatching(/Every time .* has its run already/)]);
    expect(
      await complaint('backfill', 'yearly', '--from', '2025-02-01', '--to', '2025-03-01'),
    ).toEqual([2, expect.stringMatching(/no time from 2025-02-01T00:00:00Z/)]);
    expect(await complaint('backfill', 'yearly', '--from', '2025-02-01T02:00')).toEqual([
      2,
      expect.stringMatching(/with its offset/),
    ]);
    expect(
      await complaint('backfill', 'yearly', '--from', '2025-02-01', '--to', '2999-01-01'),
    ).toEqual([2, expect.stringMatching(/lies ahead/)]);
  });
});

test('a schedule is paused with a reason, listed, and deleted', async () => {
  await said('create', 'paused', ...YEARLY, ...FLAGS, '--overlap', 'buffer-one', '--paused');
  expect(await said('pause', 'paused', '--reason', 'new archives')).toMatch(/unpause paused/);
  expect(await said('show', 'paused')).toMatch(/^paused: paused \(new archives\)/);
  await eventually(async () => /^paused +paused +0 2 1 1 \* \(UTC\) +–/m.test(await said('list')));
  expect(await printed('list')).toContainEqual(
    expect.objectContaining({ name: 'paused', isPaused: true, note: 'new archives' }),
  );
  expect(await said('delete', 'paused')).toBe('The schedule paused is deleted.\n');
  expect(await complaint('show', 'pause')).toEqual([
    2,
    expect.stringMatching(/There is no schedule "pause"/),
  ]);
});

test("what the guide has for the Temporal UI is a run's input", () => {
  const guide = readFileSync(new URL('../../docs/guides/schedules.md', import.meta.url), 'utf8');
  const inputs = [...guide.matchAll(/```json\n([^]*?)```/g)].map(([, text = '']) => text);
  expect(inputs).toHaveLength(2);
  for (const text of inputs) {
    expect(pipelineInputSchema.safeParse(JSON.parse(text)).error).toBeUndefined();
  }
});
