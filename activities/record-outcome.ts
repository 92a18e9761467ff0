/** What a run came to, kept under the hash of all that decided it: the next run with nothing new takes it. */
import type { DataActivities } from '../contracts/activities.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { recordOutcome } from '../storage/outcomes.ts';
import { runActivity } from './run-activity.ts';

export const recordOutcomeActivity =
  (store: ObjectStore): DataActivities['recordOutcome'] =>
  (outcome) =>
    runActivity(() => recordOutcome(store, outcome));
