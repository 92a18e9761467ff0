/**
 * All that a run needs, as processes that may be killed: Temporal with its database on disk, the S3 server behind
 * the faulty proxy, a data worker and a GPU worker. Each is started again when it ends, over the same folder and
 * at the same address. Nothing of it outlives this process (infra/processes.ts).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { projectRoot } from '../infra/paths.mjs';
import { freePorts } from '../infra/ports.ts';
import { nodeArguments, startProcess } from '../infra/processes.ts';
import { startObjectServer } from '../infra/servers/object-server.ts';
import { startTemporalServer } from '../infra/servers/temporal-server.ts';
import { workspaceParent } from '../trainer/tools.ts';
import { createS3ObjectStore, type S3ObjectStore } from '../storage/s3-object-store.ts';
import { connectClient, temporalSettings } from '../workers/connection.ts';
import { startFaultyProxy, type FaultyProxy } from './faulty-proxy.ts';
import { KeptPart, type KeptPartOptions, type Part } from './kept-part.ts';
import { onLimitedDisk, whyNoLimitedDisk } from './limited-disk.ts';
import { MARK_VARIABLE, markedProcesses } from './processes.ts';
import type { PlantedSecrets } from './secrets.ts';

export type WorkerRole = 'data' | 'gpu';

export interface PlantOptions {
  /** Holds data, caches and logs. */
  readonly folder: string;
  /** In the environment of every process of the plant. */
  readonly mark: string;
  readonly secrets: PlantedSecrets;
  readonly onNotice: (notice: string) => void;
}

export interface Plant extends AsyncDisposable {
  readonly client: Client;
  readonly proxy: FaultyProxy;
  /** Past the proxy: for judging, never for the pipeline. */
  readonly store: S3ObjectStore;
  /** Where the S3 server keeps the bucket's objects, as plain files. */
  readonly objectFolder: string;
  /** Of all workers and servers. */
  readonly logFiles: readonly string[];
  /** Where trainers write checkpoints before they are sent; a disk of its own for each GPU worker, where that is possible. */
  readonly taskFolder: string;
  readonly parts: Readonly<Record<'data' | 'gpu' | 'store' | 'temporal', KeptPart>>;
  /** Why a GPU worker's disk cannot be filled; `undefined` where it can. */
  readonly noFullDisk: string | undefined;
  /** Another worker beside the one that runs. */
  startWorker(role: WorkerRole): Promise<Part>;
  /** Process id of the trainer of a GPU worker (by default of the one that counts), while there is one. */
  trainer(worker?: number): number | undefined;
}

const BUCKET = 'lesionflow';
const MEGABYTE = 1024 * 1024;
/** Room for two checkpoints and a downloaded one, twice. */
const DISK_BYTES = 1_600 * MEGABYTE;
/** SIGTERM to SIGKILL of a worker, in ms: longer than the worker's own `shutdownForceTime`. */
const WORKER_GRACE_MS = 30_000;

/** Throws what the servers throw. */
export async function startPlant(options: PlantOptions): Promise<Plant> {
  const started: AsyncDisposable[] = [];
  const stopAll = async () => {
    for (const part of started.splice(0).reverse()) await part[Symbol.asyncDispose]();
  };
  const own = <T extends AsyncDisposable>(part: T): T => {
    started.push(part);
    return part;
  };
  try {
    return { ...(await build(options, own)), [Symbol.asyncDispose]: stopAll };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

type Own = <T extends AsyncDisposable>(part: T) => T;

async function build(options: PlantOptions, own: Own): Promise<Omit<Plant, keyof AsyncDisposable>> {
  const { folder, mark, secrets } = options;
  const logFolder = join(folder, 'logs');
  const cacheFolder = join(folder, 'cache');
  const taskFolder = workspaceParent(cacheFolder);
  for (const needed of [logFolder, taskFolder]) mkdirSync(needed, { recursive: true });
  // The servers and all guardians take it from here.
  process.env[MARK_VARIABLE] = mark;

  const servers = await startServers(options, own);
  const { temporal, store, settings } = servers;
  const proxy = own(await startFaultyProxy({ target: settings.endpoint }));
  const noFullDisk = await whyNoLimitedDisk(taskFolder);
  const environment = {
    ...servers.environment,
    LESIONFLOW_S3_ENDPOINT: proxy.url,
    LESIONFLOW_CACHE: cacheFolder,
    [secrets.token.name]: secrets.token.value,
    [secrets.temporalKey.name]: secrets.temporalKey.value,
    // The development server has neither keys nor TLS; a key alone would ask for it.
    TEMPORAL_TLS: 'false',
  };
  const startWorker = (role: WorkerRole) =>
    startWorkerProcess({
      role,
      logFolder,
      environment,
      taskFolder,
      isLimited: noFullDisk === undefined,
    });
  const data = await keep(own, {
    name: 'The data worker',
    start: () => startWorker('data'),
    ...options,
  });
  const gpu = await keep(own, {
    name: 'The GPU worker',
    start: () => startWorker('gpu'),
    ...options,
  });
  const client = await connectClient(temporalSettings(servers.environment));
  own({ [Symbol.asyncDispose]: () => client.connection.close() });
  const direct = createS3ObjectStore(settings);
  own({
    [Symbol.asyncDispose]: () => {
      direct.close();
      return Promise.resolve();
    },
  });

  return {
    client,
    proxy,
    store: direct,
    objectFolder: join(folder, 'store', 'objects', BUCKET),
    logFiles: [
      join(logFolder, 'data-worker.log'),
      join(logFolder, 'gpu-worker.log'),
      join(folder, 'temporal', 'temporal.log'),
      join(folder, 'store', 'versitygw.log'),
    ],
    taskFolder,
    parts: { data, gpu, store, temporal },
    noFullDisk,
    startWorker,
    trainer: (worker = gpu.pid) =>
      markedProcesses(mark).find(
        ({ parent, command }) => parent === worker && command.includes('trainer/process'),
      )?.pid,
  };
}

/** Both at fixed ports, so that they come back where they were. */
async function startServers({ folder, secrets, onNotice }: PlantOptions, own: Own) {
  const [grpc = 0, ui = 0, port = 0] = await freePorts(3);
  const storeFolder = join(folder, 'store');
  plantStoreKey(storeFolder, secrets);
  const startTemporal = () =>
    startTemporalServer({ folder: join(folder, 'temporal'), headless: true, ports: { grpc, ui } });
  const startStore = () => startObjectServer({ folder: storeFolder, bucket: BUCKET, port });
  const [firstTemporal, firstStore] = [await startTemporal(), await startStore()];
  const temporal = await keep(own, {
    name: 'The Temporal server',
    start: onceWith(firstTemporal, startTemporal),
    onNotice,
  });
  const store = await keep(own, {
    name: 'The S3 server',
    start: onceWith(firstStore, startStore),
    onNotice,
  });
  const { endpoint, region, credentials } = firstStore;
  return {
    temporal,
    store,
    settings: { endpoint, region, credentials, bucket: BUCKET },
    environment: { ...firstTemporal.environment, ...firstStore.environment },
  };
}

/** `first` the first time: what it says of itself is needed before it is kept. */
function onceWith(first: Part, start: () => Promise<Part>): () => Promise<Part> {
  let next: Part | undefined = first;
  return () => {
    const part = next;
    next = undefined;
    return part === undefined ? start() : Promise.resolve(part);
  };
}

async function keep(own: Own, { name, start, onNotice }: KeptPartOptions): Promise<KeptPart> {
  return own(await KeptPart.start({ name, start, onNotice }));
}

/** The server makes its keys when it finds none; these are known. */
function plantStoreKey(folder: string, { storeKey }: PlantedSecrets): void {
  mkdirSync(folder, { recursive: true });
  const keys = { accessKeyId: 'LFCHAOS', secretAccessKey: storeKey.value };
  writeFileSync(join(folder, 'credentials.json'), JSON.stringify(keys), { mode: 0o600 });
}

function startWorkerProcess(options: {
  readonly role: WorkerRole;
  readonly logFolder: string;
  readonly taskFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly isLimited: boolean;
}): Promise<Part> {
  const { role, logFolder, taskFolder, environment, isLimited } = options;
  const entry = fileURLToPath(new URL(`../workers/${role}-worker.ts`, import.meta.url));
  const command = { command: process.execPath, args: nodeArguments(entry) };
  const limited = { folder: taskFolder, bytes: DISK_BYTES };
  return startProcess({
    ...(role === 'gpu' && isLimited ? onLimitedDisk(command, limited) : command),
    name: `The ${role} worker`,
    environment,
    cwd: projectRoot,
    logFile: join(logFolder, `${role}-worker.log`),
    graceMs: WORKER_GRACE_MS,
  });
}
