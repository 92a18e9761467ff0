/** How fast work goes on, measured by whoever looks at it again and again: heartbeats say how much, not how fast. */
import type { ActivityUnderWay } from '../watch-run.ts';

interface Sample {
  readonly at: number;
  readonly done: number;
}

/** Long enough to even out heartbeats that come every few seconds, short enough to follow a change. */
const WINDOW_MS = 60_000;

export class RateMeter {
  readonly #samples = new Map<string, readonly Sample[]>();

  /** `now` in milliseconds. Work that is not under way any more is forgotten. */
  observe(activities: readonly ActivityUnderWay[], now: number): void {
    const keys = new Set(activities.map(keyOf));
    for (const key of this.#samples.keys()) if (!keys.has(key)) this.#samples.delete(key);
    for (const activity of activities) {
      const done = activity.progress?.done;
      if (done === undefined) continue;
      const before = this.#samples.get(keyOf(activity)) ?? [];
      const last = before.at(-1)?.done;
      // A beat that was seen before says nothing new.
      if (done === last) continue;
      const kept = last !== undefined && done < last ? [] : before;
      const recent = kept.filter(
        ({ at }, index) => now - at <= WINDOW_MS || index === kept.length - 1,
      );
      this.#samples.set(keyOf(activity), [...recent, { at: now, done }]);
    }
  }

  /** Units a second; `undefined` until two different amounts were seen. */
  rateOf(activity: ActivityUnderWay): number | undefined {
    const samples = this.#samples.get(keyOf(activity)) ?? [];
    const [first, last] = [samples[0], samples.at(-1)];
    if (first === undefined || last === undefined || last.at === first.at) return undefined;
    return (1000 * (last.done - first.done)) / (last.at - first.at);
  }
}

/** Another try, or another kind of work within the same activity, goes at a speed of its own. */
const keyOf = ({ id, attempt, progress }: ActivityUnderWay): string =>
  `${id} ${String(attempt)} ${progress?.unit ?? ''}`;
