/** Whether an earlier run did the very same, by the same code: then there is nothing to train. */
import type { DataActivities } from '../contracts/activities.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { findOutcome } from '../storage/outcomes.ts';
import { codeHash } from '../trainer/code-hash.ts';
import { runActivity } from './run-activity.ts';

export const findOutcomeActivity =
  (store: ObjectStore): DataActivities['findOutcome'] =>
  (input) =>
    runActivity(async () => findOutcome(store, { ...input, codeHash: await codeHash() }));
