/** The process's one Temporal runtime: where its log and its metrics go, and which signals end it. */
import {
  Runtime,
  makeTelemetryFilterString,
  type Logger,
  type TelemetryOptions,
} from '@temporalio/worker';
import { MetricsAddressError, metricsOptions } from './metrics.ts';

/**
 * On SIGTERM or SIGINT the runtime lets all its workers finish in good order. Throws `MetricsAddressError` when nothing
 * can listen where `LESIONFLOW_METRICS_ADDRESS` says.
 */
export function installRuntime(
  environment: Readonly<Record<string, string | undefined>>,
  logger: Logger,
): void {
  const metrics = metricsOptions(environment);
  try {
    install(logger, metrics);
  } catch (error) {
    const address = environment['LESIONFLOW_METRICS_ADDRESS'];
    if (metrics === undefined || address === undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new MetricsAddressError(address, reason, error);
  }
}

function install(logger: Logger, metrics: TelemetryOptions['metrics']): void {
  Runtime.install({
    logger,
    shutdownSignals: ['SIGINT', 'SIGTERM'],
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metrics === undefined ? {} : { metrics }),
    },
  });
}
