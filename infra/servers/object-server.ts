/**
 * An S3 server of our own (versitygw) over a folder, as a child of this process. Objects are plain files and
 * survive a restart. Extended attributes hold ETags and checksums; versitygw's `--sidecar` mode is never
 * used, since there a compare-and-swap can return another writer's body.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createS3ObjectStore } from '../../storage/s3-object-store.ts';
import { NoExtendedAttributesError, ServerUnhealthyError, ToolMissingError } from '../errors.ts';
import { toolPath } from '../paths.mjs';
import { freePorts, LOOPBACK } from '../ports.ts';
import { startProcess } from '../processes.ts';
import { untilHealthy } from './health.ts';

export interface ObjectServerOptions {
  /** Holds objects, credentials and log; one server a folder. */
  readonly folder: string;
  /** Made when it is missing. */
  readonly bucket: string;
  /** A free one when absent. */
  readonly port?: number;
}

export interface ObjectServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** For children: what `s3SettingsFromEnvironment` and the AWS SDK read. */
  readonly environment: Readonly<Record<string, string>>;
  readonly pid: number;
  /** Settles when the server has ended, by whatever cause. */
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const REGION = 'us-east-1';

/** How versitygw says that the file system cannot hold its metadata. */
export const NO_EXTENDED_ATTRIBUTES = 'xattrs are not supported';

/** Throws `ToolMissingError`, `FolderInUseError`, `NoExtendedAttributesError`, `ServerUnhealthyError`. */
export async function startObjectServer(options: ObjectServerOptions): Promise<ObjectServer> {
  const { folder, bucket } = options;
  const command = toolPath('versitygw');
  if (!existsSync(command)) throw new ToolMissingError('The S3 server (versitygw)', command);
  const objects = join(folder, 'objects');
  mkdirSync(objects, { recursive: true });
  const credentials = keptCredentials(join(folder, 'credentials.json'));
  const port = options.port ?? (await freePorts(1))[0] ?? 0;
  const endpoint = `http://${LOOPBACK}:${port}`;

  const server = await startProcess({
    name: 'The S3 server',
    command,
    args: ['--quiet', '--port', `${LOOPBACK}:${port}`, '--region', REGION, 'posix', objects],
    environment: {
      ROOT_ACCESS_KEY_ID: credentials.accessKeyId,
      ROOT_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    logFile: join(folder, 'versitygw.log'),
    exclusiveFolder: folder,
  });
  try {
    await untilHealthy({ server, probe: () => fetch(endpoint) });
  } catch (error) {
    throw withoutAttributes(error) ? new NoExtendedAttributesError(objects) : error;
  }
  const stop = async () => {
    await server.stop();
  };
  try {
    using store = createS3ObjectStore({ endpoint, region: REGION, bucket, credentials });
    await store.ensureBucket();
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    endpoint,
    bucket,
    region: REGION,
    credentials,
    environment: {
      LESIONFLOW_S3_BUCKET: bucket,
      LESIONFLOW_S3_ENDPOINT: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    pid: server.pid,
    exited: server.exited,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The same keys at every start over a folder, since buckets remember the key of their owner. */
function keptCredentials(path: string): Credentials {
  if (!existsSync(path)) {
    const made: Credentials = {
      accessKeyId: `LF${randomBytes(9).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64url'),
    };
    writeFileSync(`${path}.part`, JSON.stringify(made), { mode: 0o600 });
    renameSync(`${path}.part`, path);
  }
  return JSON.parse(readFileSync(path, 'utf8')) as Credentials;
}

const withoutAttributes = (error: unknown): boolean =>
  error instanceof ServerUnhealthyError && error.message.includes(NO_EXTENDED_ATTRIBUTES);
