/**
 * The worker's metrics for Prometheus, on one endpoint: Temporal's own (`temporal_…`) and ours (`lesionflow_…`, made in
 * activities/ by the SDK's meter). Off unless `LESIONFLOW_METRICS_ADDRESS` is set.
 */
import type { TelemetryOptions } from '@temporalio/worker';
import { LesionFlowError } from '../contracts/errors.ts';

/** The address is no `host:port`, or nothing can listen there. */
export class MetricsAddressError extends LesionFlowError {
  constructor(address: string, reason: string, cause?: unknown) {
    super(
      `The metrics cannot be offered at LESIONFLOW_METRICS_ADDRESS="${address}": ${reason}. ` +
        'Give an address of this machine and a free port, e.g. 127.0.0.1:9464, or 0.0.0.0:9464 in a container; ' +
        'each worker of a machine needs a port of its own.',
      { code: 'metrics-address', retryable: false, values: { address }, cause },
    );
  }
}

/** Seconds. The SDK's own end at a minute or so; an epoch waits for a GPU, and runs, for hours. */
const LONG = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];
const SHORT = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** `undefined` when no metrics are wanted. Throws `MetricsAddressError` for what is no address. */
export function metricsOptions(
  environment: Readonly<Record<string, string | undefined>>,
): TelemetryOptions['metrics'] {
  const bindAddress = environment['LESIONFLOW_METRICS_ADDRESS'] ?? '';
  if (bindAddress === '') return undefined;
  const [, port] = /^(?:[\d.]+|\[[\da-f:]+\]):(\d{1,5})$/i.exec(bindAddress) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new MetricsAddressError(bindAddress, 'it is no numeric address with a port');
  }
  return {
    // The same for every worker, so of no use to tell them apart.
    attachServiceName: false,
    prometheus: {
      bindAddress,
      countersTotalSuffix: true,
      unitSuffix: true,
      useSecondsForDurations: true,
      histogramBucketOverrides: {
        activity_schedule_to_start_latency: LONG,
        activity_execution_latency: LONG,
        activity_succeed_endtoend_latency: LONG,
        workflow_endtoend_latency: LONG,
        lesionflow_train_step_seconds: SHORT,
        lesionflow_checkpoint_pause_seconds: SHORT,
        lesionflow_checkpoint_upload_seconds: LONG,
      },
    },
  };
}
