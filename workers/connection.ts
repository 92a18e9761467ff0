/**
 * Where Temporal is: its own environment variables and configuration file (`TEMPORAL_ADDRESS`,
 * `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS…`, `temporal.toml`), read by the SDK's envconfig.
 */
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { LesionFlowError } from '../contracts/errors.ts';

export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  readonly options: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
}

export class TemporalUnreachableError extends LesionFlowError {
  constructor({ address, cause }: { address: string; cause: unknown }) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `Temporal at ${address} cannot be reached (${reason}). Start it with "lesionflow dev", or set TEMPORAL_ADDRESS to a server that runs.`,
      { code: 'temporal-unreachable', retryable: true, values: { address }, cause },
    );
  }
}

/** Without any setting: the dev server's own address and namespace. */
export function temporalSettings(
  environment: Readonly<Record<string, string | undefined>>,
): TemporalSettings {
  const set = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const { connectionOptions, namespace } = loadClientConnectConfig({
    overrideEnvVars: Object.fromEntries(set),
  });
  const address = connectionOptions.address ?? '127.0.0.1:7233';
  return { address, namespace: namespace ?? 'default', options: { ...connectionOptions, address } };
}

/** A client for starting and watching runs. Throws `TemporalUnreachableError`; the caller closes its connection. */
export async function connectClient({
  address,
  namespace,
  options,
}: TemporalSettings): Promise<Client> {
  try {
    const { apiKey, metadata, tls } = options;
    const connection = await Connection.connect({
      address,
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(tls === undefined ? {} : { tls }),
    });
    return new Client({ connection, namespace });
  } catch (cause) {
    throw new TemporalUnreachableError({ address, cause });
  }
}
