/**
 * The Temporal development server with its web UI, as a child of this process. Histories are kept in
 * `<folder>/temporal.db` and survive a restart, also after a kill -9. Not for production: it has no
 * authentication and listens on the loopback interface only.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { ToolMissingError } from '../errors.ts';
import { toolPath } from '../paths.mjs';
import { freePorts, LOOPBACK } from '../ports.ts';
import { startProcess } from '../processes.ts';
import { untilHealthy } from './health.ts';

export interface TemporalServerOptions {
  /** Holds database and log; one server a folder. */
  readonly folder: string;
  /** Without the web UI; `false` by default. */
  readonly headless?: boolean;
  /** Free ones when absent. */
  readonly ports?: { readonly grpc: number; readonly ui: number };
}

export interface TemporalServer extends AsyncDisposable {
  /** `host:port` of the gRPC service. */
  readonly address: string;
  readonly namespace: string;
  /** `undefined` when headless. */
  readonly uiUrl: string | undefined;
  /** For children: where workers and clients find the server. */
  readonly environment: Readonly<Record<'TEMPORAL_ADDRESS' | 'TEMPORAL_NAMESPACE', string>>;
  readonly pid: number;
  /** Settles when the server has ended, by whatever cause. */
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

const NAMESPACE = 'default';

/** Throws `ToolMissingError`, `FolderInUseError`, `ServerUnhealthyError`. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const { folder, headless = false } = options;
  const command = toolPath('temporal');
  if (!existsSync(command)) throw new ToolMissingError('The Temporal development server', command);
  mkdirSync(folder, { recursive: true });
  const [grpc = 0, ui = 0] = options.ports
    ? [options.ports.grpc, options.ports.ui]
    : await freePorts(2);
  const address = `${LOOPBACK}:${grpc}`;

  const server = await startProcess({
    name: 'The Temporal server',
    command,
    args: [
      ...['server', 'start-dev', '--ip', LOOPBACK, '--port', String(grpc)],
      ...['--db-filename', join(folder, 'temporal.db'), '--namespace', NAMESPACE],
      ...['--log-level', 'warn'],
      ...(headless ? ['--headless'] : ['--ui-port', String(ui)]),
      ...Object.values(searchAttributes).flatMap(({ name, type }) => [
        '--search-attribute',
        `${name}=${type}`,
      ]),
    ],
    logFile: join(folder, 'temporal.log'),
    exclusiveFolder: folder,
  });
  await untilHealthy({ server, probe: () => describeNamespace(address, NAMESPACE) });

  const stop = async () => {
    await server.stop();
  };
  return {
    address,
    namespace: NAMESPACE,
    uiUrl: headless ? undefined : `http://${LOOPBACK}:${ui}`,
    environment: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: NAMESPACE },
    pid: server.pid,
    exited: server.exited,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Rejects unless a Temporal server answers there and has the namespace. */
async function describeNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 5_000 });
  try {
    await connection.workflowService.describeNamespace({ namespace });
  } finally {
    await connection.close();
  }
}
