/**
 * All of LesionFlow on one machine: Temporal with its UI, the S3 server, a data worker and a GPU worker as
 * children of this process. Everything is kept in one folder and survives a restart; nothing outlives this
 * process (infra/processes.ts). A worker that dies is started again, as a cluster would.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { projectRoot } from '../infra/paths.mjs';
import { freePorts, isPortFree } from '../infra/ports.ts';
import { nodeArguments, startProcess, type SupervisedProcess } from '../infra/processes.ts';
import { startObjectServer, type ObjectServer } from '../infra/servers/object-server.ts';
import { startTemporalServer, type TemporalServer } from '../infra/servers/temporal-server.ts';
import type { DevFile } from './dev-file.ts';

export interface DevEnvironment extends AsyncDisposable {
  readonly file: DevFile;
  readonly logFolder: string;
  /** Stops workers first, then servers; returns when nothing is left. */
  stop(): Promise<void>;
}

export interface DevEnvironmentOptions {
  /** Holds the servers' data and all logs; one environment a folder. */
  readonly folder: string;
  /** For the workers' downloads; shared between environments. */
  readonly cacheFolder: string;
  /** Told when a worker died and is started again, and when a server died. */
  readonly onNotice: (notice: string) => void;
}

const portsSchema = z.object({ grpc: z.int(), ui: z.int(), s3: z.int() });
type Ports = z.output<typeof portsSchema>;

/** Temporal's usual ones, and one beside them; another is taken where one is in use. */
const USUAL_PORTS: Ports = { grpc: 7233, ui: 8233, s3: 9233 };
const BUCKET = 'lesionflow';
const WORKER_GRACE_MS = 20_000;
const RESTART_PAUSE_MS = 1_000;

/** Throws what the servers throw, e.g. `FolderInUseError` beside another one over the same folder. */
export async function startDevEnvironment(options: DevEnvironmentOptions): Promise<DevEnvironment> {
  const { folder, cacheFolder, onNotice } = options;
  const logFolder = join(folder, 'logs');
  mkdirSync(logFolder, { recursive: true });
  const started: AsyncDisposable[] = [];
  const stopAll = async () => {
    for (const part of started.splice(0).reverse()) await part[Symbol.asyncDispose]();
  };
  try {
    const ports = await choosePorts(join(folder, 'ports.json'));
    const temporal = await startTemporalServer({ folder: join(folder, 'temporal'), ports });
    started.push(temporal);
    const store = await startObjectServer({
      folder: join(folder, 'store'),
      bucket: BUCKET,
      port: ports.s3,
    });
    started.push(store);
    const environment = {
      ...temporal.environment,
      ...store.environment,
      LESIONFLOW_CACHE: cacheFolder,
    };
    for (const role of ['data', 'gpu'] as const) {
      started.push(await keepWorker({ role, logFolder, environment, onNotice }));
    }
    const watched = watchServers({ temporal, store, onNotice });
    const stop = async () => {
      watched.stop();
      await stopAll();
    };
    return { file: describe(temporal, store), logFolder, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function describe(temporal: TemporalServer, store: ObjectServer): DevFile {
  const { address, namespace, uiUrl = '' } = temporal;
  const { endpoint, bucket, region, credentials } = store;
  return {
    pid: process.pid,
    temporal: { address, namespace, uiUrl },
    store: { endpoint, bucket, region, credentials },
  };
}

/** The ports of the last time where they are free, so that clients find their way back after a restart. */
async function choosePorts(path: string): Promise<Ports> {
  const wanted = existsSync(path)
    ? portsSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    : USUAL_PORTS;
  const spare = await freePorts(3);
  const choose = async (port: number) => ((await isPortFree(port)) ? port : (spare.pop() ?? port));
  const ports: Ports = {
    grpc: await choose(wanted.grpc),
    ui: await choose(wanted.ui),
    s3: await choose(wanted.s3),
  };
  writeFileSync(path, JSON.stringify(ports));
  return ports;
}

interface WorkerOptions {
  readonly role: 'data' | 'gpu';
  readonly logFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly onNotice: (notice: string) => void;
}

/** Starts a worker, and starts it again whenever it ends before it was told to. */
async function keepWorker(options: WorkerOptions): Promise<AsyncDisposable> {
  const { role, logFolder, onNotice } = options;
  const logFile = join(logFolder, `${role}-worker.log`);
  const stopping = new AbortController();
  const isStopping = () => stopping.signal.aborted;
  let worker = await startWorker(options, logFile);
  const keep = async () => {
    for (;;) {
      const { code, signal } = await worker.exited;
      if (isStopping()) return;
      const how = signal === null ? `ended with code ${String(code)}` : `was killed by ${signal}`;
      onNotice(`The ${role} worker ${how} (see ${logFile}); it is started again.`);
      await sleep(RESTART_PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping()) return;
      worker = await startWorker(options, logFile);
    }
  };
  const kept = keep().catch((error: unknown) => {
    onNotice(`The ${role} worker cannot be started again: ${String(error)}`);
  });
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await worker.stop();
      await kept;
      await worker.stop();
    },
  };
}

function startWorker(
  { role, environment }: WorkerOptions,
  logFile: string,
): Promise<SupervisedProcess> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = fileURLToPath(new URL(`../workers/${role}-worker.${extension}`, import.meta.url));
  return startProcess({
    name: `The ${role} worker`,
    command: process.execPath,
    args: nodeArguments(entry),
    environment: { ...environment, ...ownMetricsAddress(role) },
    cwd: projectRoot,
    logFile,
    graceMs: WORKER_GRACE_MS,
  });
}

/** Each worker needs an endpoint of its own: the GPU worker's is at the port after the one that is asked for. */
function ownMetricsAddress(role: WorkerOptions['role']): Record<string, string> {
  const address = process.env['LESIONFLOW_METRICS_ADDRESS'] ?? '';
  const [, host, port] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (role === 'data' || host === undefined) return {};
  return { LESIONFLOW_METRICS_ADDRESS: `${host}:${String(Number(port) + 1)}` };
}

function watchServers(options: {
  readonly temporal: TemporalServer;
  readonly store: ObjectServer;
  readonly onNotice: (notice: string) => void;
}): { stop(): void } {
  let isStopping = false;
  const watch = (name: string, exited: Promise<unknown>) =>
    void exited.then(() => {
      if (!isStopping) options.onNotice(`${name} died. Stop this environment and start it again.`);
    });
  watch('The Temporal server', options.temporal.exited);
  watch('The S3 server', options.store.exited);
  return {
    stop: () => {
      isStopping = true;
    },
  };
}
