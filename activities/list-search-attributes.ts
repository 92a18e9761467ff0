/**
 * Which of our search attributes Temporal has: a workflow that sets one that it has not could not go on. Asked of the
 * server by the worker, since a workflow must not, and kept in the run's history, so that a replay decides alike.
 */
import type { DataActivities } from '../contracts/activities.ts';
import { runActivity } from './run-activity.ts';

export type SearchAttributeNames = () => Promise<readonly string[]>;

export const listSearchAttributesActivity =
  (names: SearchAttributeNames): DataActivities['listSearchAttributes'] =>
  () =>
    runActivity(() => names());
