/**
 * What every activity adds to the worker's metrics (docs/guides/logs-and-metrics.md lists them): work done, retries, failures by
 * their codes. Without an endpoint (workers/metrics.ts) the meter keeps nothing.
 */
import type { MetricMeter } from '@temporalio/common';
import { LesionFlowError } from '../contracts/errors.ts';
import type { ActivityProgress } from '../contracts/progress.ts';

export interface WorkMetrics {
  readonly onProgress: (progress: ActivityProgress) => void;
  readonly onFailure: (error: unknown) => void;
}

/** For one attempt; those after the first are counted as retries. */
export function workMetrics(meter: MetricMeter, attempt: number): WorkMetrics {
  const done = meter.createCounter(
    'lesionflow_work_done',
    '',
    'Work that activities did, in the unit of their progress (bytes, pairs, steps …)',
  );
  const failures = meter.createCounter(
    'lesionflow_activity_failures',
    '',
    "Attempts that failed, by the error's code (docs/guides/troubleshooting.md)",
  );
  const retries = meter.createCounter(
    'lesionflow_activity_retries',
    '',
    'Attempts after the first: what was done before was lost or failed',
  );
  if (attempt > 1) retries.add(1);
  let unit: string | undefined;
  let counted = 0;
  return {
    onProgress: (progress) => {
      const now = Math.floor(progress.done);
      // The first word of an attempt says where it begins, with what others did before.
      if (progress.unit === unit && now > counted) done.add(now - counted, { unit });
      unit = progress.unit;
      counted = now;
    },
    onFailure: (error) =>
      failures.add(1, { code: error instanceof LesionFlowError ? error.code : 'unexpected' }),
  };
}
