/** One pass over the objects of a run: what the oracles need to know of each. */
import { crc32 } from 'node:zlib';
import { sha256 } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { secretsIn, type PlantedSecret } from '../secrets.ts';

export interface IndexedObject {
  readonly bytes: number;
  readonly sha256: string;
  readonly crc32: number;
  /** Of a JSON document: its text. */
  readonly text: string | undefined;
  /** Names of the planted secrets that it holds. */
  readonly secrets: readonly string[];
}

/** By key. */
export type StoreIndex = ReadonlyMap<string, IndexedObject>;

export async function indexStore(
  store: ObjectStore,
  prefixes: readonly string[],
  secrets: readonly PlantedSecret[],
): Promise<StoreIndex> {
  const index = new Map<string, IndexedObject>();
  for (const prefix of prefixes) {
    for await (const { key } of store.list(prefix)) {
      const body = await store.get(key);
      index.set(key, {
        bytes: body.length,
        sha256: sha256(body),
        crc32: crc32(body),
        text: key.endsWith('.json') ? new TextDecoder().decode(body) : undefined,
        secrets: [...secretsIn(body, secrets), ...secretsIn(Buffer.from(key), secrets)],
      });
    }
  }
  return index;
}
