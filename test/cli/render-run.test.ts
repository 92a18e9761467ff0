/** A run's lines: bars from heartbeats, tries with their reason, and each change once in a log. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { plainView } from '../../cli/follow-run.ts';
import { renderResult, renderSteps } from '../../cli/render-run.ts';
import type { RunSnapshot } from '../../cli/watch-run.ts';
import {
  runStatusSchema,
  type Losses,
  type PipelineStep,
  type RunStatus,
} from '../../contracts/progress.ts';

const STEPS = [
  'fetch-images',
  'fetch-masks',
  'unpack-images',
  'unpack-masks',
  'inspect',
  'split',
  'records',
  'train',
  'evaluate',
  'publish',
] as const satisfies readonly PipelineStep[];

const LOSSES: Losses = {
  total: 1.25,
  rpnClass: 0,
  rpnBbox: 0,
  mrcnnClass: 0,
  mrcnnBbox: 0,
  mrcnnMask: 0,
  l2: 0,
};

type States = Partial<Record<PipelineStep, RunStatus['steps'][number]['state']>>;

function snapshot(
  states: States,
  activities: RunSnapshot['activities'] = [],
  status: Partial<RunStatus> = {},
): RunSnapshot {
  return {
    runId: 'run-1',
    state: 'RUNNING',
    activities,
    startedAt: new Date(0),
    closedAt: undefined,
    failure: undefined,
    status: runStatusSchema.parse({
      runId: 'run-1',
      state: 'running',
      epochs: { done: 0, total: 0 },
      history: [],
      scores: null,
      steps: STEPS.map((step) => ({ step, state: states[step] ?? 'waiting', summary: `${step}!` })),
      ...status,
    }),
  };
}

const lines = (shown: RunSnapshot) => renderSteps(shown).map(stripVTControlCharacters);

describe('in a terminal', () => {
  test('two fetches under way have each their own bar', () => {
    const fetching = (done: number) => ({
      id: String(done),
      type: 'fetchArchive',
      attempt: 1,
      progress: { done, total: 4e6, unit: 'bytes' },
      lastFailure: undefined,
    });
    const running = { 'fetch-images': 'running', 'fetch-masks': 'running' } as const;
    const [images, masks] = lines(snapshot(running, [fetching(1e6), fetching(4e6)]));
    expect(images).toMatch(/fetch images +█{6}░{18} 1\.0 of 4\.0 MB/);
    expect(masks).toMatch(/fetch masks +█{24} 4\.0 of 4\.0 MB/);
  });

  test("training's bar is over all epochs, with the step and the loss of the heartbeat", () => {
    const activity = {
      id: '1',
      type: 'trainEpoch',
      attempt: 2,
      progress: { done: 10, total: 20, unit: 'steps', losses: LOSSES },
      lastFailure: 'The trainer was killed\nstack',
    };
    const status = { epochs: { done: 1, total: 3 } };
    const line = lines(snapshot({ train: 'running' }, [activity], status))[7];
    expect(line).toMatch(/train +█{12}░{12} epoch 2 of 3 · 10 of 20 steps · loss 1\.250/);
    expect(line).toMatch(/try 2 \(The trainer was killed\)$/);
  });

  test('a run that no worker has taken up says what it waits for', () => {
    expect(lines({ ...snapshot({}), status: undefined })).toEqual([
      expect.stringMatching(/waiting for a data worker to take up run-1/),
    ]);
  });
});

test('a log gets each change and each epoch once', () => {
  let text = '';
  const view = plainView({ write: (part: string) => (text += part) });
  const epoch = { stage: 'all', epoch: 1, training: LOSSES, validation: null, seconds: 9 };
  const first = snapshot({ inspect: 'running' });
  const later = snapshot({ inspect: 'done', train: 'running' }, [], {
    epochs: { done: 1, total: 2 },
    history: [epoch],
  });
  for (const shown of [first, first, later, later]) view.show(shown);
  expect(text.trim().split('\n')).toEqual([
    'inspect: running',
    'inspect: done (inspect!)',
    'train: running',
    'epoch 1 of 2 (all): loss 1.2500, validation loss –, 9 s',
  ]);
});

describe('a run with nothing new', () => {
  const scores = {
    jaccard: 0.7,
    thresholdJaccard: 0.6,
    dice: 0.8,
    sensitivity: 0.9,
    specificity: 0.9,
    accuracy: 0.9,
  };
  const hash = 'a'.repeat(64);

  test('marks what was skipped, and why', () => {
    const shown = lines(snapshot({ records: 'done', train: 'skipped', publish: 'skipped' }));
    expect(shown[7]).toMatch(/↷ train +train!/);
    let text = '';
    plainView({ write: (part: string) => (text += part) }).show(snapshot({ train: 'skipped' }));
    expect(text).toBe('train: skipped (train!)\n');
  });

  test('names the run whose result stands', () => {
    const result = renderResult({
      runId: 'run-0',
      outcome: 'no-change',
      evaluation: { key: 'e', hash, images: 2, scores },
      version: { model: 'lesion', version: 3, manifestKey: 'v', hash },
      alias: { name: 'champion', moved: true, reason: 'it is better', by: null },
    });
    expect(result[0]).toMatch(/^Nothing new: .* those of run-0, whose result stands\..*--force/);
    expect(result.at(-1)).toBe('Published then: lesion version 3.');
  });
});
