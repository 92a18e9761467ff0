/**
 * OpenTelemetry traces of runs: a span for each workflow, each activity and each call between them, sent by OTLP over
 * HTTP. On where `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) is set; OpenTelemetry's other variables
 * (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`, …) are read by its own code. Where it
 * is off, none of that is loaded.
 */
import type {
  ActivityInterceptorsFactory,
  InjectedSinks,
  Logger,
  WorkerOptions,
} from '@temporalio/worker';
import type { OpenTelemetrySinks } from '@temporalio/interceptors-opentelemetry';

export interface Tracing {
  readonly activity: ActivityInterceptorsFactory;
  readonly sinks: NonNullable<WorkerOptions['sinks']>;
  /** Of the workflow bundle. */
  readonly workflowModules: readonly string[];
  /** Sends what has not been sent yet. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  /** Names the service where `OTEL_SERVICE_NAME` does not. */
  readonly worker: string;
  /** Hears that spans could not be sent: work goes on without them. */
  readonly logger: Logger;
}

/** Once a process: the tracer is global. `undefined` where no traces are wanted. */
export async function startTracing(
  environment: Readonly<Record<string, string | undefined>>,
  { worker, logger }: TracingOptions,
): Promise<Tracing | undefined> {
  if (!isWanted(environment)) return undefined;
  const [temporal, tracing, core, resources, exporting, context] = await Promise.all([
    import('@temporalio/interceptors-opentelemetry'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/context-async-hooks'),
  ]);
  const { attributes } = resources.detectResourcesSync({ detectors: [resources.envDetectorSync] });
  const resource = new resources.Resource({
    'service.name': `lesionflow-${worker}-worker`,
    ...attributes,
  });
  const processor = new tracing.BatchSpanProcessor(new exporting.OTLPTraceExporter());
  const provider = new tracing.BasicTracerProvider({ resource, spanProcessors: [processor] });
  provider.register({ contextManager: new context.AsyncLocalStorageContextManager() });
  let failures = 0;
  core.setGlobalErrorHandler((error) => {
    // Every few seconds until the collector is back: the first one says it.
    logger[failures++ === 0 ? 'warn' : 'debug']('Traces could not be sent', { error });
  });
  const sinks: InjectedSinks<OpenTelemetrySinks> = {
    exporter: temporal.makeWorkflowExporter(processor, resource),
  };
  return {
    activity: (activity) => ({
      inbound: new temporal.OpenTelemetryActivityInboundInterceptor(activity),
      outbound: new temporal.OpenTelemetryActivityOutboundInterceptor(activity),
    }),
    sinks: { ...sinks },
    workflowModules: [tracingWorkflowModule()],
    stop: () => provider.shutdown(),
  };
}

function isWanted(environment: Readonly<Record<string, string | undefined>>): boolean {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: all } =
    environment;
  if (environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  return [traces, all].some((endpoint) => endpoint !== undefined && endpoint !== '');
}

/** Bundled with the workflows' code when they are to be traced. */
export const tracingWorkflowModule = (): string =>
  new URL(
    import.meta.resolve('@temporalio/interceptors-opentelemetry/lib/workflow-interceptors.js'),
  ).pathname;
