/** Beats must be rare, must carry the newest progress, and must stop when work stops. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { progressHeartbeat } from '../../activities/heartbeat.ts';
import type { ActivityProgress } from '../../contracts/progress.ts';

const at = (done: number): ActivityProgress => ({ done, total: 100, unit: 'images' });

describe('progressHeartbeat', () => {
  let beats: unknown[];
  const context = { heartbeat: (details: unknown) => void beats.push(details) };

  beforeEach(() => {
    beats = [];
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('beats at once, then once an interval with the newest progress', () => {
    using heartbeat = progressHeartbeat(context, 1000);
    for (let done = 0; done < 50; done++) heartbeat.onProgress(at(done));
    expect(beats).toEqual([at(0)]);
    jest.advanceTimersByTime(999);
    expect(beats).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(beats).toEqual([at(0), at(49)]);
  });

  it('falls silent without progress, so that a hung step times out', () => {
    using heartbeat = progressHeartbeat(context, 1000);
    heartbeat.onProgress(at(1));
    jest.advanceTimersByTime(60_000);
    expect(beats).toEqual([at(1)]);
    heartbeat.onProgress(at(2));
    expect(beats).toEqual([at(1), at(2)]);
  });

  it('does not beat once its activity is over', () => {
    const heartbeat = progressHeartbeat(context, 1000);
    heartbeat.onProgress(at(1));
    heartbeat.onProgress(at(2));
    heartbeat[Symbol.dispose]();
    jest.advanceTimersByTime(5000);
    expect(beats).toEqual([at(1)]);
  });
});
