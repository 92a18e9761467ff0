/** A person's word on a version, asked for after the gate and before the alias, against a real Temporal server. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { controls } from '../../contracts/control.ts';
import type { DataActivities } from '../../contracts/activities.ts';
import type { PipelineRequest } from '../../contracts/pipeline-input.ts';
import { startTemporal, withWorkers, type TestTemporalServer } from './support/environment.ts';
import { fakeActivities, request, type Call } from './support/fake-activities.ts';
import { failureOf, startPipeline, statusOf, untilAsked } from './support/runs.ts';

let environment: TestTemporalServer;

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});

const asking = (hours = 1): PipelineRequest => ({ ...request, publish: { approval: { hours } } });

interface Started {
  readonly run: WorkflowHandle;
  readonly inputOf: (activity: string) => unknown;
}

async function withRun(
  name: string,
  { input = asking(), activities = {} }: { input?: unknown; activities?: Partial<DataActivities> },
  work: (started: Started) => Promise<void>,
): Promise<void> {
  const { calls, activities: all } = fakeActivities(activities);
  const inputOf = (activity: string) =>
    calls.find((call: Call) => call.activity === activity)?.input;
  await withWorkers(environment, all, async () =>
    work({ run: await startPipeline(environment, input, name), inputOf }),
  );
}

const update = (run: WorkflowHandle, name: string, input?: unknown): Promise<string> =>
  run.executeUpdate<string, [unknown]>(name, { args: [input] });

async function refusal(run: WorkflowHandle, name: string, input?: unknown): Promise<string> {
  const error: unknown = await update(run, name, input).catch((reason: unknown) => reason);
  if (!(error instanceof WorkflowUpdateFailedError))
    throw new Error(`not refused: ${String(error)}`);
  return error.cause?.message ?? '';
}

describe('a version that needs approval', () => {
  it('waits, says so to everybody who looks, and takes the alias when somebody approves', async () => {
    await withRun('approved', {}, async ({ run, inputOf }) => {
      await untilAsked(run);
      const { steps, version, approval, alias } = await statusOf(run);
      expect(steps.find(({ step }) => step === 'promote')?.state).toBe('running');
      expect({ version, alias }).toMatchObject({ version: { version: 1 }, alias: null });
      expect(approval).toMatchObject({ gate: 'there was no champion', verdict: null });
      expect(Date.parse(approval?.until ?? '') - Date.now()).toBeGreaterThan(3_500_000);
      expect(await run.query('__temporal_workflow_metadata')).toMatchObject({
        currentDetails: expect.stringMatching(
          /Somebody is to decide about lesion 1 until [^]*`approve`[^]*lesionflow approve approved/,
        ),
      });
      expect(inputOf('moveAlias')).toBeUndefined();

      expect(await refusal(run, controls.pause)).toMatch('only waits for approval');
      expect(await refusal(run, controls.approve, {})).toMatch('by');
      const ada = { by: 'Ada', reason: 'fine outlines' };
      expect(await update(run, controls.approve, ada)).toBe(
        'champion names lesion 1 now: fine outlines.',
      );
      expect(await run.result()).toMatchObject({ alias: { moved: true, by: 'Ada' } });
      expect(inputOf('moveAlias')).toMatchObject({ verdict: { isApproved: true, ...ada } });
      expect((await statusOf(run)).approval?.verdict).toMatchObject({ by: 'Ada' });
    });
  });

  it('stays published without the alias when somebody rejects, with a signal too', async () => {
    await withRun('rejected', {}, async ({ run }) => {
      await untilAsked(run);
      await run.signal<[unknown]>(controls.reject, { by: 'Ben', reason: 'misses small ones' });
      expect(await run.result()).toMatchObject({
        version: { version: 1 },
        alias: { moved: false, by: 'Ben', reason: 'misses small ones' },
      });
    });
  });

  it('is rejected when nobody answers in time', async () => {
    await withRun('unanswered', { input: asking(2e-4) }, async ({ run }) => {
      expect(await run.result()).toMatchObject({
        alias: { moved: false, by: null, reason: expect.stringContaining('nobody answered') },
      });
    });
  });

  it('is not asked about when the gate refuses it', async () => {
    const weighVersion = () => Promise.resolve({ moves: false, reason: 'not greater' });
    await withRun('refused', { activities: { weighVersion } }, async ({ run, inputOf }) => {
      await run.result();
      expect(inputOf('moveAlias')).toMatchObject({ verdict: null });
      expect((await statusOf(run)).approval).toBeNull();
    });
  });

  it('can be cancelled while it waits; what is published stays, and the page is left', async () => {
    await withRun('cancelled', {}, async ({ run, inputOf }) => {
      await untilAsked(run);
      await run.cancel();
      expect(await failureOf(run)).toBeDefined();
      expect(inputOf('moveAlias')).toBeUndefined();
      expect(inputOf('writeReport')).toMatchObject({
        state: 'cancelled',
        published: { version: { version: 1 }, alias: { moved: false } },
      });
    });
  });
});

it('refuses a verdict on a run that asks nobody', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const moveAlias: DataActivities['moveAlias'] = async ({ alias: name }) => {
    await held;
    return { name, moved: true, reason: 'first', by: null };
  };
  await withRun('unasked', { input: request, activities: { moveAlias } }, async ({ run }) => {
    expect(await refusal(run, controls.approve, { by: 'Ada' })).toMatch('"publish.approval"');
    release();
    await run.result();
  });
});

describe('what runs are found by', () => {
  const byStage = (stage: string, model: string) =>
    `LesionFlowStage = "${stage}" AND LesionFlowModel = "${model}" AND LesionFlowScore >= 0.5 AND LesionFlowDataset = "tiny"`;

  it('is the data set, the model, the stage and the score', async () => {
    await withRun(
      'searched',
      { input: { ...request, publish: { model: 'sought' } } },
      async ({ run }) => {
        await run.result();
        const found: string[] = [];
        // The index of what is searched follows behind.
        while (found.length === 0) {
          const query = byStage('promote', 'sought');
          for await (const { workflowId } of environment.client.workflow.list({ query })) {
            found.push(workflowId);
          }
        }
        expect(found).toEqual(['searched']);
      },
    );
  });

  it('is in the memo where the server has no such attributes', async () => {
    const listSearchAttributes = () => Promise.resolve([]);
    await withRun(
      'plain',
      { input: request, activities: { listSearchAttributes } },
      async ({ run }) => {
        await run.result();
        expect((await run.describe()).memo).toMatchObject({
          LesionFlowDataset: 'tiny',
          LesionFlowStage: 'promote',
          LesionFlowScore: 0.6,
        });
      },
    );
  });
});

it('goes on without its page when that cannot be written', async () => {
  let tries = 0;
  const writeReport = () => {
    tries++;
    return Promise.reject(new Error('no disk'));
  };
  await withRun('pageless', { input: request, activities: { writeReport } }, async ({ run }) => {
    expect(await run.result()).toMatchObject({ outcome: 'trained' });
    expect(tries).toBe(3);
    expect((await statusOf(run)).notes.at(-1)).toMatch('"lesionflow report pageless"');
  });
});
