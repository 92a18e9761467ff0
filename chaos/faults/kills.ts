/** Processes that are gone from one moment to the next, and workers that are asked to go. */
import { markedProcesses, MARK_VARIABLE, signalTo } from '../processes.ts';
import { placeNames, places, type PlaceName } from '../places.ts';
import { nothingMore, type Fault, type Scene } from './fault.ts';
import { untilThere } from './until-there.ts';

const DATA_PLACES = placeNames.filter((name) => places[name].worker === 'data');
const GPU_PLACES = placeNames.filter((name) => places[name].worker === 'gpu');
/** The data worker hosts the workflows, so it matters while others work too. */
const WORKFLOW_PLACES: PlaceName[] = [...DATA_PLACES, 'between stages', 'publish'];
/** How long a server stays away, in ms: from less to more than the driver tries by itself. */
const SHORTEST_OUTAGE_MS = 500;
const LONGEST_OUTAGE_MS = 8_000;

const outage = ({ random }: Scene) =>
  SHORTEST_OUTAGE_MS + random.below(LONGEST_OUTAGE_MS - SHORTEST_OUTAGE_MS);

/** The process itself, or now and then its guardian, which takes it along. */
function killHard(pid: number, { random }: Scene): void {
  const mark = process.env[MARK_VARIABLE] ?? '';
  const guardian = markedProcesses(mark).find((one) => one.pid === pid)?.parent;
  signalTo(random.below(4) === 0 && guardian !== undefined ? guardian : pid, 'SIGKILL');
}

export const kills = {
  'kill data worker': {
    places: WORKFLOW_PLACES,
    mayCost: 'nothing',
    inject: (scene) => {
      killHard(scene.plant.parts.data.pid, scene);
      return Promise.resolve(nothingMore);
    },
  },
  'kill GPU worker': {
    places: GPU_PLACES,
    mayCost: 'interval',
    inject: (scene) => {
      killHard(scene.plant.parts.gpu.pid, scene);
      return Promise.resolve(nothingMore);
    },
  },
  'kill trainer': {
    places: GPU_PLACES,
    mayCost: 'interval',
    inject: async ({ plant }) => {
      signalTo(await untilThere(() => plant.trainer()), 'SIGKILL');
      return nothingMore;
    },
  },
  'kill S3 server': {
    places: placeNames,
    mayCost: 'interval',
    inject: (scene) => {
      const { store } = scene.plant.parts;
      store.stayAwayFor(outage(scene));
      killHard(store.pid, scene);
      return Promise.resolve(nothingMore);
    },
  },
  'kill Temporal server': {
    places: placeNames,
    mayCost: 'interval',
    inject: (scene) => {
      const { temporal } = scene.plant.parts;
      temporal.stayAwayFor(outage(scene));
      killHard(temporal.pid, scene);
      return Promise.resolve(nothingMore);
    },
  },
  'SIGTERM to data worker': {
    places: WORKFLOW_PLACES,
    mayCost: 'nothing',
    inject: ({ plant }) => {
      signalTo(plant.parts.data.pid, 'SIGTERM');
      return Promise.resolve(nothingMore);
    },
  },
  'SIGTERM to GPU worker': {
    places: GPU_PLACES,
    mayCost: 'nothing',
    inject: ({ plant }) => {
      signalTo(plant.parts.gpu.pid, 'SIGTERM');
      return Promise.resolve(nothingMore);
    },
  },
} as const satisfies Readonly<Record<string, Fault>>;
