/** Waits for the moment of a run in which a fault is to fall. */
import { places, type Place } from './places.ts';
import type { FaultyProxy } from './faulty-proxy.ts';
import type { RunLength } from './recipe.ts';
import type { HeldRequest, SeenRequest } from './request-gates.ts';
import type { Position, RunWatch } from './run-watch.ts';
import type { PlannedFault } from './schedule.ts';

export interface Met {
  readonly position: Position;
  /** The run stands still at the store's door until it is released. */
  readonly held?: HeldRequest;
}

export interface MeetOptions {
  readonly watch: RunWatch;
  readonly proxy: FaultyProxy;
  readonly runId: string;
  /** Of data set and model. */
  readonly name: string;
  readonly length: RunLength;
}

/** `undefined` when the run is past it. */
export async function meetRun(
  planned: PlannedFault,
  options: MeetOptions,
): Promise<Met | undefined> {
  const place: Place = places[planned.place];
  const { moment } = place;
  if (moment.kind === 'steps') return meetAtStep(place, planned.moment, options);
  const { proxy, watch, runId, name, length } = options;
  const nth = Math.floor(planned.moment * moment.choice);
  let count = 0;
  const matches = (request: SeenRequest) =>
    moment.matches(request, { runId, name, ...length }) && count++ >= nth;

  const past = new AbortController();
  let held: HeldRequest | undefined;
  const holding = proxy.hold(matches, past.signal).then(
    (request) => {
      held = request;
    },
    () => undefined,
  );
  // Looking may take seconds; the request itself ends the waiting.
  await Promise.race([
    holding,
    watch.until(({ position }) => held !== undefined || place.isOver(position)),
  ]);
  past.abort(new Error('The run is past it.'));
  await holding;
  return held === undefined ? undefined : { position: watch.position, held };
}

async function meetAtStep(
  place: Place,
  share: number,
  { watch, length: { stepsPerEpoch } }: MeetOptions,
): Promise<Met | undefined> {
  // Neither before the first step nor after the last one.
  const step = 1 + Math.floor(share * (stepsPerEpoch - 2));
  const isThere = ({ epochs, work }: Position) =>
    epochs === (place.epoch ?? 0) - 1 && work >= step && work < stepsPerEpoch;
  const seen = await watch.until(({ position }) => place.isOver(position) || isThere(position));
  return seen.state === 'RUNNING' && isThere(seen.position)
    ? { position: seen.position }
    : undefined;
}
