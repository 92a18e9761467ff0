/**
 * Activities that do nothing but remember their calls: the seam under which workflows are tested. A test
 * replaces one by its own.
 */
import type {
  DataActivities,
  FinishedEpoch,
  TrainEpochInput,
  TrainingActivities,
} from '../../../contracts/activities.ts';
import type { PipelineRequest } from '../../../contracts/pipeline-input.ts';
import type { CheckpointRef } from '../../../contracts/references.ts';
import { searchAttributes } from '../../../contracts/search-attributes.ts';

const HASH = 'a'.repeat(64);
const NO_CHAMPION = 'there was no champion';

/** The least that a run needs, with one epoch each in two stages. */
export const request = {
  dataset: {
    name: 'tiny',
    images: 'https://example.org/i.zip',
    masks: 'https://example.org/m.zip',
  },
  training: {
    initialWeights: { from: 'scratch' },
    stages: [
      { name: 'heads', layers: 'heads', epochs: 2, learningRate: 1e-3 },
      { name: 'all', layers: 'all', epochs: 1, learningRate: 1e-4 },
    ],
  },
} as const satisfies PipelineRequest;

/** Steps of an epoch of the fakes. */
export const STEPS = 10;

/** A checkpoint after some of an epoch's steps; after all of them, without `stepInEpoch`. */
export const checkpointOf = (
  { stage, epoch }: Pick<TrainEpochInput, 'stage' | 'epoch'>,
  stepInEpoch = STEPS,
): CheckpointRef => ({
  manifestKey:
    stepInEpoch === STEPS ? `checkpoints/${epoch}` : `checkpoints/${epoch}-${stepInEpoch}`,
  hash: HASH,
  stage: stage.name,
  epoch,
  stepInEpoch,
});

export function epochOutput({
  stage,
  epoch,
}: Pick<TrainEpochInput, 'stage' | 'epoch'>): FinishedEpoch {
  const losses = {
    total: 6 / epoch,
    rpnClass: 1,
    rpnBbox: 1,
    mrcnnClass: 1,
    mrcnnBbox: 1,
    mrcnnMask: 1,
    l2: 1,
  };
  return {
    kind: 'finished',
    checkpoint: checkpointOf({ stage, epoch }),
    result: { stage: stage.name, epoch, training: losses, validation: losses, seconds: 1.5 },
  };
}

/** The request with up to six epochs in its first stage, which stops after two that are not better. */
export const stoppingRequest = {
  ...request,
  training: {
    ...request.training,
    earlyStopping: { metric: 'mrcnnMask', patience: 2, minDelta: 0.1 },
    stages: [{ ...request.training.stages[0], epochs: 6 }, request.training.stages[1]],
  },
} as const satisfies PipelineRequest;

/** An epoch whose validation mask loss is best at epoch 2; epoch 3 is better by less than `minDelta`. */
export function stoppingOutput(input: TrainEpochInput): FinishedEpoch {
  const output = epochOutput(input);
  const mrcnnMask = [1, 0.5, 0.45, 0.7][input.epoch - 1] ?? 0.6;
  const { training } = output.result;
  return { ...output, result: { ...output.result, validation: { ...training, mrcnnMask } } };
}

export interface Call {
  readonly activity: string;
  readonly input: unknown;
}

type Fakes = DataActivities & TrainingActivities;

/** What decides about the fakes' version, which is in no store. */
export const promotion = {
  weighVersion: () => Promise.resolve({ moves: true, reason: NO_CHAMPION }),
  moveAlias: ({ alias: name, verdict }) =>
    Promise.resolve({
      name,
      moved: verdict?.isApproved ?? true,
      reason: verdict?.reason ?? NO_CHAMPION,
      by: verdict?.by ?? null,
    }),
} satisfies Partial<DataActivities>;

/** Every activity, each noting its call before it answers at once. */
export function fakeActivities(overrides: Partial<Fakes> = {}): {
  calls: Call[];
  activities: Fakes;
} {
  const calls: Call[] = [];
  const answers: Fakes = {
    fetchArchive: ({ role }) =>
      Promise.resolve({ key: `${role}.zip`, bytes: 2_000_000, sha256: HASH }),
    unpackArchive: ({ archive }) =>
      Promise.resolve({ manifestKey: `${archive.key}.json`, hash: HASH, entries: 12 }),
    inspectDataset: ({ dataset }) =>
      Promise.resolve({
        name: dataset,
        manifestKey: 'd.json',
        hash: HASH,
        pairs: 10,
        quarantined: 2,
      }),
    splitDataset: () => Promise.resolve({ key: 's.json', hash: HASH, training: 8, validation: 2 }),
    prepareRecords: ({ config }) =>
      Promise.resolve({ manifestKey: 'r.json', hash: HASH, size: config.imageMaxDim, records: 10 }),
    findOutcome: () => Promise.resolve({ key: 'outcomes/1.json', earlier: null }),
    pruneCheckpoints: () => Promise.resolve({ deleted: 0 }),
    trainEpoch: (input) => Promise.resolve(epochOutput(input)),
    evaluateModel: () =>
      Promise.resolve({
        key: 'e.json',
        hash: HASH,
        images: 2,
        scores: {
          jaccard: 0.7,
          thresholdJaccard: 0.6,
          dice: 0.8,
          sensitivity: 0.9,
          specificity: 0.9,
          accuracy: 0.9,
        },
      }),
    publishModel: ({ model }) =>
      Promise.resolve({ model, version: 1, manifestKey: 'v.json', hash: HASH }),
    ...promotion,
    recordOutcome: () => Promise.resolve(),
    listSearchAttributes: () =>
      Promise.resolve(Object.values(searchAttributes).map(({ name }) => name)),
    writeReport: ({ runId }) => Promise.resolve({ key: `runs/${runId}/report.html`, bytes: 1000 }),
    ...overrides,
  };
  const noted = Object.entries(answers).map(([activity, answer]) => [
    activity,
    (input: never) => {
      calls.push({ activity, input });
      return (answer as (input: never) => Promise<unknown>)(input);
    },
  ]);
  return { calls, activities: Object.fromEntries(noted) as Fakes };
}
