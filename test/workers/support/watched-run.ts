/**
 * A run of the real pipeline by real workers, with all that they tell of it: log, metrics, traces. Its trainer is killed
 * in mid-epoch once; beside it a run fails and another one is cancelled.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { presets } from '../../../cli/presets.ts';
import type { PipelineRequest } from '../../../contracts/pipeline-input.ts';
import { writeSyntheticArchives } from '../../../datasets/synthetic-archive.ts';
import { freePorts } from '../../../infra/ports.ts';
import { progressAt } from '../../activities/fixtures/epoch-worker.ts';
import { startTemporal } from '../../workflows/support/environment.ts';
import { eventually, failureOf, startPipeline } from '../../workflows/support/runs.ts';
import { watchMetrics, type Series } from './metrics-page.ts';
import { startOtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts';

export interface WatchedRun {
  /** Every line that the workers wrote. */
  readonly lines: readonly string[];
  readonly series: readonly Series[];
  readonly spans: readonly ReceivedSpan[];
}

export interface WatchedRunOptions {
  readonly folder: string;
  readonly storeEnvironment: Readonly<Record<string, string>>;
}

export const RUN = 'watched';
export const STEPS = 24;

const { training, ...tiny } = presets.tiny;
const [stage] = training.stages;

const requestFor = (images: string, masks: string): PipelineRequest => ({
  ...tiny,
  dataset: { name: 'watched', images, masks },
  model: { ...tiny.model, imagesPerGpu: 1, stepsPerEpoch: STEPS, validationSteps: 1 },
  training: {
    ...training,
    stages: [{ ...stage, name: 'heads', layers: 'heads', epochs: 2 }],
  },
  evaluation: { overlays: 1 },
});

export async function watchedRun(options: WatchedRunOptions): Promise<WatchedRun> {
  const environment = await startTemporal();
  const { address, namespace, client } = environment;
  await using collector = await startOtlpReceiver();
  const addresses = (await freePorts(2)).map((port) => `127.0.0.1:${String(port)}`);
  const metrics = watchMetrics(addresses);
  const workers = (['data', 'gpu'] as const).map((role, index) =>
    startWorker(role, {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      LESIONFLOW_METRICS_ADDRESS: addresses[index] ?? '',
      LESIONFLOW_CACHE: join(options.folder, 'cache'),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      ...options.storeEnvironment,
    }),
  );
  const lines = () => workers.flatMap(({ lines }) => lines);
  try {
    await Promise.all(workers.map(({ ready }) => ready));
    const archives = await writeSyntheticArchives({
      ...{ folder: options.folder, count: 8, size: 96, seed: 1 },
    });
    const [images = '', masks = ''] = [archives.images, archives.masks].map(
      (path) => pathToFileURL(path).href,
    );
    const run = await startPipeline(environment, requestFor(images, masks), RUN);

    const firstStage = client.workflow.getHandle(`${RUN}-heads`);
    await eventually(async () => {
      const progress = await progressAt(firstStage).catch(() => undefined);
      return progress?.losses !== undefined && progress.done > 2;
    });
    process.kill(trainerPid(lines()), 'SIGKILL');
    await Promise.all([
      run.result(),
      runThatFails(environment, masks),
      runThatIsCancelled(environment, masks),
    ]);
  } finally {
    for (const { child } of workers) child.kill('SIGTERM');
    await Promise.all(workers.map(({ ended }) => ended));
    await metrics.stop();
    await environment.teardown();
  }
  return { lines: lines(), series: [...metrics.seen.values()], spans: collector.spans };
}

type Environment = Awaited<ReturnType<typeof startTemporal>>;

async function runThatFails(environment: Environment, masks: string): Promise<void> {
  const absent = 'file:///nothing/is/here.zip';
  await failureOf(await startPipeline(environment, requestFor(absent, masks), 'absent'));
}

async function runThatIsCancelled(environment: Environment, masks: string): Promise<void> {
  // Bytes that come keep the heartbeats going, which bring the cancellation.
  const endless = createServer((_, answer) => {
    const drip = setInterval(() => answer.write('PK'), 100);
    answer.once('close', () => clearInterval(drip));
  });
  await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
  const { port } = endless.address() as AddressInfo;
  const images = `http://127.0.0.1:${String(port)}/x.zip`;
  const run = await startPipeline(environment, requestFor(images, masks), 'endless');
  await eventually(async () => (await progressAt(run)) !== undefined);
  await run.cancel();
  await failureOf(run);
  endless.closeAllConnections();
  endless.close();
}

function startWorker(role: 'data' | 'gpu', variables: Record<string, string>) {
  const entry = fileURLToPath(new URL(`../../../workers/${role}-worker.ts`, import.meta.url));
  const child: ChildProcess = fork(entry, {
    execArgv: ['--import', 'tsx'],
    silent: true,
    env: { PATH: process.env['PATH'], ...variables },
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  const ended = once(child, 'close');
  const ready = Promise.race([
    once(child, 'message'),
    ended.then(() => Promise.reject(new Error(`The ${role} worker ended:\n${output}`))),
  ]);
  ready.catch(() => undefined);
  return {
    child,
    ready,
    ended,
    get lines() {
      return output.split('\n').filter((line) => line !== '');
    },
  };
}

function trainerPid(lines: readonly string[]): number {
  const line = lines.find((text) => text.includes('"trainerPid"')) ?? '{}';
  return (JSON.parse(line) as { trainerPid: number }).trainerPid;
}
