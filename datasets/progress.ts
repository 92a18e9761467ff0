/** Signs of life of the data steps. */
import type { ActivityProgress } from '../contracts/progress.ts';

export type OnProgress = (progress: ActivityProgress) => void;

/** What every data step takes besides its own input. */
export interface StepOptions {
  readonly onProgress?: OnProgress | undefined;
  /** Stops the step; it then throws the signal's reason and leaves nothing visible as done. */
  readonly signal?: AbortSignal | undefined;
}

/** Reports at most every `intervalMs`, and always the end. */
export function throttled(onProgress: OnProgress | undefined, intervalMs = 200): OnProgress {
  let last = -Infinity;
  return (progress) => {
    const now = performance.now();
    if (now - last < intervalMs && progress.done < progress.total) return;
    last = now;
    onProgress?.(progress);
  };
}

/** Counts finished pieces of work and reports each. */
export function counter({
  total,
  unit,
  onProgress,
}: {
  readonly total: number;
  readonly unit: string;
  readonly onProgress: OnProgress | undefined;
}): (note?: string) => void {
  const report = throttled(onProgress);
  let done = 0;
  report({ done, total, unit });
  return (note) => {
    done++;
    report({ done, total, unit, ...(note === undefined ? {} : { note }) });
  };
}
