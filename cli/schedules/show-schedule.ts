/** All that is known of one schedule. */
import type { TemporalConnection } from '../connections.ts';
import { withSchedule } from './known-schedule.ts';
import type { ShownSchedule } from './render-schedules.ts';
import { factsOf } from './schedule-facts.ts';
import { scheduledRuns } from './scheduled-runs.ts';

/** Throws `UsageError` when there is no such schedule. */
export const showSchedule = (
  { client, schedulePageOf }: Pick<TemporalConnection, 'client' | 'schedulePageOf'>,
  name: string,
): Promise<ShownSchedule> =>
  withSchedule(client, name, async (schedule) => {
    const description = await schedule.describe();
    return {
      ...factsOf(description),
      page: schedulePageOf(name),
      runs: await scheduledRuns(client, description),
    };
  });
