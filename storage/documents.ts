/**
 * JSON documents in the object store: validated when read, canonical when written, so that equal contents
 * have equal bytes and one SHA-256 names them.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { canonicalJson } from '../contracts/canonical-json.ts';
import {
  HashMismatchError,
  InvalidDocumentError,
  ObjectNotFoundError,
  PreconditionFailedError,
} from './errors.ts';
import type { ObjectStore, WriteConditions } from './object-store.ts';

export { canonicalJson };

export interface WrittenDocument {
  readonly key: string;
  readonly hash: string;
  readonly bytes: number;
  readonly etag: string;
}

/** Lower-case hexadecimal SHA-256. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Writes `value` as canonical JSON. Throws `PreconditionFailedError` when a condition does not hold. */
export async function writeDocument(
  store: ObjectStore,
  key: string,
  value: unknown,
  conditions: WriteConditions = {},
): Promise<WrittenDocument> {
  const body = Buffer.from(canonicalJson(value));
  const { etag } = await store.put(key, body, { ...conditions, contentType: 'application/json' });
  return { key, hash: sha256(body), bytes: body.length, etag };
}

/** Throws `ObjectNotFoundError`, or `InvalidDocumentError` that names the key and the first wrong field. */
export async function readDocument<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
): Promise<T> {
  return parseDocument({ bytes: await store.get(key), key, schema });
}

/** `readDocument` of exactly the bytes that `hash` names; otherwise throws `HashMismatchError`. */
export async function readNamedDocument<T>(
  store: ObjectStore,
  { key, hash }: { readonly key: string; readonly hash: string },
  schema: z.ZodType<T>,
): Promise<T> {
  const bytes = await store.get(key);
  const actual = sha256(bytes);
  if (actual !== hash) throw new HashMismatchError({ key, expected: hash, actual });
  return parseDocument({ bytes, key, schema });
}

/** A document that may not be there yet, with the hash of its bytes. */
export async function findDocument<T>(
  store: ObjectStore,
  key: string,
  schema: z.ZodType<T>,
): Promise<{ readonly value: T; readonly hash: string } | undefined> {
  try {
    const bytes = await store.get(key);
    return { value: parseDocument({ bytes, key, schema }), hash: sha256(bytes) };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}

/**
 * Writes `value` where nothing is yet and gives back what is there then: when two attempts of a step race,
 * both name the same document.
 */
export async function writeOnce<T>(
  store: ObjectStore,
  {
    key,
    value,
    schema,
  }: { readonly key: string; readonly value: T; readonly schema: z.ZodType<T> },
): Promise<{ readonly value: T; readonly hash: string }> {
  try {
    const { hash } = await writeDocument(store, key, value, { ifNoneMatch: '*' });
    return { value, hash };
  } catch (error) {
    const first =
      error instanceof PreconditionFailedError ? await findDocument(store, key, schema) : undefined;
    if (first === undefined) throw error;
    return first;
  }
}

function parseDocument<T>({
  bytes,
  key,
  schema,
}: {
  bytes: Uint8Array;
  key: string;
  schema: z.ZodType<T>;
}): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new InvalidDocumentError({ key, field: 'its start', problem: 'not JSON', cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new InvalidDocumentError({
    key,
    field: issue === undefined || issue.path.length === 0 ? 'its root' : issue.path.join('.'),
    problem: issue?.message ?? 'unknown',
    cause: result.error,
  });
}
