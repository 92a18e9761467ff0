/** The run's page for people, left in the store when the run is over, however it ended. */
import type { DataActivities } from '../contracts/activities.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { runActivity } from './run-activity.ts';

export const writeReportActivity =
  (store: ObjectStore): DataActivities['writeReport'] =>
  ({ startedAt, closedAt, ...ended }) =>
    runActivity(async () => {
      // What draws takes a second to load, and most of a worker's life nobody needs it.
      const { gatherFacts } = await import('../report/run-page/gather-facts.ts');
      const { renderRunPage } = await import('../report/run-page/render.ts');
      const times = { startedAt: new Date(startedAt), closedAt: new Date(closedAt) };
      const page = Buffer.from(renderRunPage(await gatherFacts(store, { ...ended, ...times })));
      const key = storeKeys.runPage(ended.runId);
      await store.put(key, page, { contentType: 'text/html; charset=utf-8' });
      return { key, bytes: page.length };
    });
