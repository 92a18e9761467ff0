/** What a run answers to an input that cannot be: sent raw, as the Temporal UI does. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/client';
import {
  startTemporal,
  startWorkers,
  type RunningWorkers,
  type TestTemporalServer,
} from './support/environment.ts';
import { fakeActivities, request } from './support/fake-activities.ts';
import { failureOf, startPipeline, statusOf } from './support/runs.ts';

let environment: TestTemporalServer;
let workers: RunningWorkers;
const { calls, activities } = fakeActivities();

beforeAll(async () => {
  environment = await startTemporal();
  workers = await startWorkers(environment, activities);
});
afterAll(async () => {
  await workers.stop();
  await environment.teardown();
});

describe('a bad input', () => {
  const stage = { name: 'a', layers: 'heads', epochs: 1, learningRate: 1 };
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /the input: is required/],
    ['no masks', { dataset: { name: 'x', images: 'https://a/b' } }, /dataset\.masks: is required/],
    [
      'an ftp URL',
      { ...request, dataset: { ...request.dataset, images: 'ftp://a/b' } },
      /dataset\.images: must be an https:\/\/.*got "ftp:\/\/a\/b"/,
    ],
    [
      'a password in an address, which the answer does not repeat',
      { ...request, dataset: { ...request.dataset, images: 'https://me:canary@a/b.zip' } },
      /dataset\.images: must hold no secret, and has a user or password(?!.*canary)/,
    ],
    [
      'a signed address of weights',
      {
        ...request,
        training: {
          ...request.training,
          initialWeights: { from: 'file', url: 'https://a/w.h5?X-Amz-Signature=canary' },
        },
      },
      /training\.initialWeights\.url: must hold no secret.*"X-Amz-Signature"(?!.*canary)/,
    ],
    ['a mistyped section', { ...request, trainin: {} }, /trainin: .*did you mean "training"/],
    [
      'a mistyped model option',
      { ...request, model: { stepsPerEpock: 3 } },
      /model\.stepsPerEpock: .*did you mean "stepsPerEpoch"/,
    ],
    [
      "a mistyped option under Matterport's name",
      { ...request, model: { STEPS_PER_EPOCK: 3 } },
      /model\.STEPS_PER_EPOCK: .*did you mean "STEPS_PER_EPOCH"/,
    ],
    [
      'an option in both spellings',
      { ...request, model: { IMAGE_MAX_DIM: 128, imageMaxDim: 64 } },
      /model\.IMAGE_MAX_DIM: is given as imageMaxDim too/,
    ],
    [
      'a wrong backbone',
      { ...request, model: { backbone: 'resnet5' } },
      /model\.backbone: must be one of "resnet50", "resnet101", got "resnet5"/,
    ],
    [
      'a size that the pyramid cannot halve',
      { ...request, model: { imageMinDim: 100, imageMaxDim: 100 } },
      /model\.imageMaxDim: must be a multiple of 64.*got 100/,
    ],
    [
      'a share of 1',
      { ...request, split: { validationShare: 1 } },
      /split\.validationShare: .*less than 1, got 1/,
    ],
    [
      'early stopping with nothing to watch',
      {
        ...request,
        model: { validationSteps: 0 },
        training: { ...request.training, earlyStopping: {} },
      },
      /training\.earlyStopping: needs a validation loss.*model\.validationSteps/,
    ],
    [
      'unknown weights',
      { ...request, training: { initialWeights: { from: 'cocos' } } },
      /training\.initialWeights\.from: .*did you mean "coco"/,
    ],
    [
      'a bad weights URL',
      { ...request, training: { initialWeights: { from: 'coco', url: 'nope' } } },
      /training\.initialWeights\.url: must be a valid url, got "nope"/,
    ],
    [
      'an open bracket as layers',
      { ...request, training: { stages: [{ ...stage, layers: '(' }] } },
      /training\.stages\[0\]\.layers: must be heads.*got "\("/,
    ],
    [
      'two stages of one name',
      { ...request, training: { stages: [stage, stage] } },
      /training\.stages: must have distinct names/,
    ],
  ])('%s fails the run at once and names the field', async (name, input, message) => {
    const handle = await startPipeline(environment, input, `bad ${name}`);
    const failure = await failureOf(handle);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'InvalidInput', nonRetryable: true });
    expect(failure?.message).toMatch(message);
    expect(calls).toEqual([]);
    expect((await statusOf(handle)).state).toBe('failed');
  });
});
