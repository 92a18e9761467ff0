/** How large histories are: events, payloads, and how long each activity took from its scheduling on. */
import type { Client, WorkflowHandle } from '@temporalio/client';

export interface HistorySize {
  readonly events: number;
  /** Bytes of the largest payload, and of all. */
  readonly largestPayload: number;
  readonly payloadBytes: number;
  readonly activities: readonly { readonly activity: string; readonly seconds: number }[];
}

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** Over several workflows together. */
export async function measureHistory(
  client: Client,
  workflowIds: readonly string[],
): Promise<HistorySize> {
  const histories = await Promise.all(
    workflowIds.map(
      async (id) => (await client.workflow.getHandle(id).fetchHistory()).events ?? [],
    ),
  );
  const payloads = payloadSizes(histories);
  return {
    events: histories.flat().length,
    largestPayload: Math.max(...payloads),
    payloadBytes: payloads.reduce((sum, bytes) => sum + bytes, 0),
    activities: histories.flatMap(activityTimes),
  };
}

/** Payloads lie anywhere in an event: a `data` of bytes, wherever it is. */
function payloadSizes(value: unknown): number[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'data' && inner instanceof Uint8Array ? [inner.length] : payloadSizes(inner),
  );
}

function activityTimes(events: readonly Event[]): { activity: string; seconds: number }[] {
  const scheduled = new Map(
    events.flatMap((event) => {
      const type = event.activityTaskScheduledEventAttributes?.activityType?.name;
      return typeof type === 'string' ? [[String(event.eventId), { type, event }]] : [];
    }),
  );
  return events.flatMap((event) => {
    const id = event.activityTaskCompletedEventAttributes?.scheduledEventId;
    const started = scheduled.get(String(id));
    if (started === undefined) return [];
    return [{ activity: started.type, seconds: secondsOf(event) - secondsOf(started.event) }];
  });
}

const secondsOf = ({ eventTime }: Event): number =>
  Number(eventTime?.seconds ?? 0) + (eventTime?.nanos ?? 0) / 1e9;
