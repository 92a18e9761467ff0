/**
 * Where Temporal and the store are, for commands: what the environment says (TEMPORAL_…, LESIONFLOW_S3_…),
 * else the development environment that runs, else the defaults of the SDKs.
 */
import type { Client } from '@temporalio/client';
import { createS3ObjectStore, type S3ObjectStore } from '../storage/s3-object-store.ts';
import { s3SettingsFromEnvironment } from '../storage/s3-settings.ts';
import { connectClient, temporalSettings } from '../workers/connection.ts';
import { readDevFile, type DevFile } from './dev-file.ts';

export interface TemporalConnection extends AsyncDisposable {
  readonly client: Client;
  readonly address: string;
  /** The run's page in the web UI, where the UI's address is known. */
  readonly pageOf: (runId: string) => string | undefined;
  readonly schedulePageOf: (name: string) => string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const TEMPORAL_SETTINGS = ['TEMPORAL_ADDRESS', 'TEMPORAL_CONFIG_FILE', 'TEMPORAL_PROFILE'];

/** Throws `TemporalUnreachableError`. */
export function openTemporal(environment: Environment): Promise<TemporalConnection> {
  const isSet = TEMPORAL_SETTINGS.some((name) => (environment[name] ?? '') !== '');
  const dev = isSet ? undefined : readDevFile(environment);
  return dev === undefined
    ? connect(environment, environment['TEMPORAL_UI_URL'])
    : openDevTemporal(dev);
}

/** The Temporal of one development environment, whatever the process's environment says. */
export function openDevTemporal({ temporal }: DevFile): Promise<TemporalConnection> {
  const { address, namespace, uiUrl } = temporal;
  return connect({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace }, uiUrl);
}

async function connect(
  environment: Environment,
  uiUrl: string | undefined,
): Promise<TemporalConnection> {
  const settings = temporalSettings(environment);
  const { address, namespace } = settings;
  const client = await connectClient(settings);
  const page = (kind: string) => (id: string) =>
    uiUrl === undefined
      ? undefined
      : `${uiUrl}/namespaces/${namespace}/${kind}/${encodeURIComponent(id)}`;
  return {
    client,
    address,
    pageOf: page('workflows'),
    schedulePageOf: page('schedules'),
    [Symbol.asyncDispose]: () => client.connection.close(),
  };
}

/** Throws `StoreSettingsError` when nothing says where the store is. */
export function openStore(environment: Environment): S3ObjectStore {
  const isSet = (environment['LESIONFLOW_S3_BUCKET'] ?? '') !== '';
  const dev = isSet ? undefined : readDevFile(environment)?.store;
  return createS3ObjectStore(dev ?? s3SettingsFromEnvironment(environment));
}
