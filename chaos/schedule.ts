/**
 * Which faults come, where, and in which run: a pure function of the seed. All pairs of a fault and a place are a
 * deck that is shuffled and dealt to the runs, so that a long harness sees every pair before it sees one twice.
 */
import { randomStream, shuffled } from '../maskrcnn/random.ts';
import { faultNames, faults, type FaultName } from './faults/catalogue.ts';
import { places, type PlaceName } from './places.ts';

export interface PlannedFault {
  /** 0-based, over all runs: `--fault` names it. */
  readonly index: number;
  readonly fault: FaultName;
  readonly place: PlaceName;
  /** Where in the place, `0 <= moment < 1`. */
  readonly moment: number;
}

type Card = Pick<PlannedFault, 'fault' | 'place'>;

const FAULTS_OF_A_RUN = 4;

/**
 * For CI: the three that matter most, in one run. All at requests, which short epochs cannot hide; the first of them
 * is the upload of a checkpoint within an epoch. (A killed GPU worker is in the test of the demo: it takes a
 * heartbeat timeout.)
 */
export const SHORT_PLAN: readonly PlannedFault[] = [
  { index: 0, fault: 'kill trainer', place: 'checkpoint upload', moment: 0.2 },
  { index: 1, fault: 'kill S3 server', place: 'between stages', moment: 0 },
  { index: 2, fault: 'SIGTERM to GPU worker', place: 'validate', moment: 0.5 },
];

/** The faults of each run, in the order of its places; without end. */
export function* plannedRuns(seed: number): Generator<readonly PlannedFault[]> {
  let index = 0;
  let deck: Card[] = [];
  for (let round = 0; ;) {
    if (deck.length === 0) deck = shuffled(allCards(), randomStream(seed, 'deck', round++));
    const hand = deal(deck);
    yield hand.map((card) => {
      const random = randomStream(seed, 'moment', index);
      return { index: index++, ...card, moment: random.uniform() };
    });
  }
}

/** The run with only that fault, as it is in its run of all. */
export function plannedFault(seed: number, index: number): PlannedFault {
  for (const run of plannedRuns(seed)) {
    const found = run.find((fault) => fault.index === index);
    if (found !== undefined) return found;
  }
  throw new Error('unreachable: the runs have no end');
}

/** Every fault in every place where it makes sense. */
export function allCards(): Card[] {
  return faultNames.flatMap((fault) => faults[fault].places.map((place) => ({ fault, place })));
}

/** Takes the next cards off the deck that can be in one run: of different places in its order. */
function deal(deck: Card[]): Card[] {
  const hand: Card[] = [];
  const order = ({ place }: Card) => places[place].order;
  for (let at = 0; at < deck.length && hand.length < FAULTS_OF_A_RUN;) {
    const card = deck[at];
    if (card === undefined || hand.some((other) => order(other) === order(card))) {
      at++;
      continue;
    }
    hand.push(card);
    deck.splice(at, 1);
  }
  return hand.sort((a, b) => order(a) - order(b));
}
