/**
 * The moments of a run in which faults fall. Those with work in the store are caught at the proxy's door, at the
 * very request; those within training by the heartbeats' count of steps.
 */
import { EPOCHS_OF_A_STAGE, STAGES } from './recipe.ts';
import type { SeenRequest } from './request-gates.ts';
import type { Position } from './run-watch.ts';

interface RunNames {
  readonly runId: string;
  /** Of data set and model. */
  readonly name: string;
  readonly stepsPerEpoch: number;
}

export interface Place {
  /** Where in the order of a run; two faults of one run never share it. */
  readonly order: number;
  /** Is the run past it? Steps of the pipeline and epochs that are done then. */
  readonly isOver: (position: Pick<Position, 'steps' | 'epochs'>) => boolean;
  /** Which queue's worker is at work. */
  readonly worker: 'data' | 'gpu';
  /** The epoch that pays for what is lost, 1-based over all stages. */
  readonly epoch?: number;
  readonly moment: Moment;
}

/** `matching` requests in all of that place: which of them is drawn. */
type Moment =
  | {
      readonly kind: 'request';
      readonly matches: (request: SeenRequest, names: RunNames) => boolean;
      readonly choice: number;
    }
  | { readonly kind: 'steps' };

/** The last epoch of the first stage, and the stage that follows. */
const LAST_OF_HEADS = EPOCHS_OF_A_STAGE;
const [HEADS, ALL] = STAGES;

const writes = (path: (names: RunNames) => string, choice: number): Moment => ({
  kind: 'request',
  matches: ({ method, url }, names) => /^(PUT|POST)$/.test(method) && url.includes(path(names)),
  choice,
});

const reads = (path: (names: RunNames) => string, choice: number, file = ''): Moment => ({
  kind: 'request',
  matches: ({ method, url }, names) =>
    method === 'GET' && url.includes(path(names)) && url.includes(file),
  choice,
});

/** By the pipeline's steps: two archives are fetched and unpacked, then inspect, split, records, train, … */
const afterSteps =
  (count: number): Place['isOver'] =>
  ({ steps }) =>
    steps >= count;

const afterEpoch =
  (count: number): Place['isOver'] =>
  ({ epochs }) =>
    epochs >= count;

/** The folder of the checkpoint at the end of an epoch, up to its attempt. */
const atEndOf = (stage: string, epoch: number) => (names: RunNames) =>
  `/runs/${names.runId}/checkpoints/${stage}/e${epoch}-s${epoch * names.stepsPerEpoch}-`;

export const places = {
  fetch: {
    order: 0,
    isOver: afterSteps(4),
    worker: 'data',
    moment: writes(({ name }) => `/datasets/${name}/archives/`, 2),
  },
  unpack: {
    order: 1,
    isOver: afterSteps(4),
    worker: 'data',
    moment: writes(({ name }) => `/datasets/${name}/raw/`, 40),
  },
  inspect: {
    order: 2,
    isOver: afterSteps(5),
    worker: 'data',
    moment: reads(({ name }) => `/datasets/${name}/raw/`, 20, '/files/'),
  },
  records: {
    order: 3,
    isOver: afterSteps(7),
    worker: 'data',
    moment: writes(({ name }) => `/datasets/${name}/records/`, 2),
  },
  'train heads': {
    order: 4,
    isOver: afterEpoch(1),
    worker: 'gpu',
    epoch: 1,
    moment: { kind: 'steps' },
  },
  'checkpoint upload': {
    order: 5,
    isOver: afterEpoch(2),
    worker: 'gpu',
    epoch: 2,
    moment: writes(({ runId }) => `/runs/${runId}/checkpoints/${HEADS}/e2-`, 12),
  },
  'between stages': {
    order: 6,
    isOver: afterEpoch(3),
    worker: 'gpu',
    epoch: LAST_OF_HEADS + 1,
    moment: reads(atEndOf(HEADS, LAST_OF_HEADS), 1),
  },
  'train all': {
    order: 6,
    isOver: afterEpoch(3),
    worker: 'gpu',
    epoch: LAST_OF_HEADS + 1,
    moment: { kind: 'steps' },
  },
  /** The upload of an epoch's last checkpoint runs beside its validation. */
  validate: {
    order: 7,
    isOver: afterEpoch(4),
    worker: 'gpu',
    epoch: 4,
    moment: writes(atEndOf(ALL, 4), 4),
  },
  evaluate: {
    order: 8,
    isOver: afterSteps(9),
    worker: 'gpu',
    moment: writes(({ runId }) => `/runs/${runId}/evaluation/`, 3),
  },
  publish: {
    order: 9,
    isOver: afterSteps(10),
    worker: 'gpu',
    moment: writes(({ name }) => `/models/${name}/versions/`, 8),
  },
} as const satisfies Readonly<Record<string, Place>>;

export type PlaceName = keyof typeof places;
export const placeNames = Object.keys(places) as PlaceName[];
