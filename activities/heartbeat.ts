/**
 * Progress as heartbeats. A beat is sent only when work was done since the last one: a hung step goes
 * silent and times out, where a timer would keep it alive for ever.
 */
import type { Context } from '@temporalio/activity';
import type { ActivityProgress } from '../contracts/progress.ts';

export interface ProgressHeartbeat extends Disposable {
  /** Reports progress; called as often as one likes. */
  readonly onProgress: (progress: ActivityProgress) => void;
}

/**
 * At most one beat each `intervalMs`, the first at once, the newest progress never held back for longer
 * than that. (The SDK throttles again, see `maxHeartbeatThrottleInterval` in workers/.)
 */
export function progressHeartbeat(
  context: Pick<Context, 'heartbeat'>,
  intervalMs = 1000,
): ProgressHeartbeat {
  let latest: ActivityProgress | undefined;
  let pause: NodeJS.Timeout | undefined;
  const beat = () => {
    pause = undefined;
    if (latest === undefined) return;
    context.heartbeat(latest);
    latest = undefined;
    pause = setTimeout(beat, intervalMs);
  };
  return {
    onProgress: (progress) => {
      latest = progress;
      if (pause === undefined) beat();
    },
    [Symbol.dispose]: () => {
      clearTimeout(pause);
    },
  };
}
