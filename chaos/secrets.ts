/** Planted secrets: the pipeline gets them as it gets real ones, and nothing that it leaves behind may hold them. */
import { randomBytes } from 'node:crypto';

export interface PlantedSecret {
  /** Where the pipeline gets it from. */
  readonly name: string;
  readonly value: string;
}

/** Keys of the store, of Temporal, and of anything else in a worker's environment. */
export interface PlantedSecrets {
  readonly storeKey: PlantedSecret;
  readonly temporalKey: PlantedSecret;
  readonly token: PlantedSecret;
}

/** New ones for each harness, of letters and digits: no encoding of texts changes them. */
export function plantSecrets(): PlantedSecrets {
  const secret = (name: string): PlantedSecret => ({
    name,
    value: `canary${randomBytes(20).toString('hex')}`,
  });
  return {
    storeKey: secret('AWS_SECRET_ACCESS_KEY'),
    temporalKey: secret('TEMPORAL_API_KEY'),
    token: secret('LESIONFLOW_CHAOS_TOKEN'),
  };
}

/** Names of the secrets that are in `bytes`, as they are or in base64. */
export function secretsIn(bytes: Uint8Array, secrets: readonly PlantedSecret[]): string[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return secrets
    .filter(({ value }) => needlesOf(value).some((needle) => haystack.includes(needle)))
    .map(({ name }) => name);
}

/**
 * As it stands, and the middle of its base64 at each of the three places that it can have among other bytes
 * (the first and last digits of base64 depend on the neighbours).
 */
function needlesOf(value: string): string[] {
  const shifted = [0, 1, 2].map((before) =>
    Buffer.from('\0'.repeat(before) + value)
      .toString('base64')
      .slice(4, -4),
  );
  return [value, ...shifted];
}
