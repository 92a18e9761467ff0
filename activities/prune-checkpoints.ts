/** Retention: the checkpoints of a run that nothing goes on from any more are deleted. */
import type { DataActivities } from '../contracts/activities.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { pruneCheckpoints } from '../storage/prune-checkpoints.ts';
import { runActivity } from './run-activity.ts';

export const pruneCheckpointsActivity =
  (store: ObjectStore): DataActivities['pruneCheckpoints'] =>
  (input) =>
    runActivity((hooks, { startToCloseTimeoutMs: lifeMs }) =>
      pruneCheckpoints({ store, ...input, lifeMs, ...hooks }),
    );
