/** A planted secret is nowhere that others look: objects, histories, heartbeats, logs. */
import { readFile } from 'node:fs/promises';
import { isGrpcServiceError, type Client } from '@temporalio/client';
import { secretsIn, type PlantedSecret } from '../secrets.ts';
import type { StoreIndex } from './store-index.ts';
import { violations, type Violation } from './violation.ts';

/** Of gRPC. */
const NOT_FOUND = 5;

export function secretsInStore(index: StoreIndex): Violation[] {
  const found = [...index].flatMap(([key, { secrets }]) =>
    secrets.map((name) => `${name} is in the object ${key}`),
  );
  return violations('secrets', found);
}

/** A file that is not there (yet) holds nothing. */
export async function secretsInFiles(
  paths: readonly string[],
  secrets: readonly PlantedSecret[],
): Promise<Violation[]> {
  const found: string[] = [];
  for (const path of paths) {
    const contents = await readFile(path).catch(() => Buffer.alloc(0));
    found.push(...secretsIn(contents, secrets).map((name) => `${name} is in the file ${path}`));
  }
  return violations('secrets', found);
}

/** In the histories of the workflows: inputs, results, failures with their last heartbeats, headers, memos. */
export async function secretsInHistories(
  client: Client,
  workflowIds: readonly string[],
  secrets: readonly PlantedSecret[],
): Promise<Violation[]> {
  const found: string[] = [];
  for (const workflowId of workflowIds) {
    try {
      const history = await client.workflow.getHandle(workflowId).fetchHistory();
      const names = new Set([...textsIn(history)].flatMap((bytes) => secretsIn(bytes, secrets)));
      found.push(...[...names].map((name) => `${name} is in the history of ${workflowId}`));
    } catch (error) {
      // A stage that the run never came to.
      if (!isGrpcServiceError(error) || ![NOT_FOUND].includes(error.code)) throw error;
    }
  }
  return violations('secrets', found);
}

/** In what activities say of themselves while they run, and why they failed: no history holds all of that. */
export async function secretsInHeartbeats(
  client: Client,
  workflowIds: readonly string[],
  secrets: readonly PlantedSecret[],
): Promise<Violation[]> {
  const found: string[] = [];
  for (const workflowId of workflowIds) {
    const description = await client.workflow
      .getHandle(workflowId)
      .describe()
      .catch(() => undefined);
    const pending = description?.raw.pendingActivities ?? [];
    const names = new Set([...textsIn(pending)].flatMap((bytes) => secretsIn(bytes, secrets)));
    found.push(...[...names].map((name) => `${name} is in a heartbeat of ${workflowId}`));
  }
  return violations('secrets', found);
}

/** Every text and every payload's bytes, however deep: payloads are bytes in a history. */
function* textsIn(value: unknown): Generator<Uint8Array> {
  if (typeof value === 'string') yield Buffer.from(value);
  else if (value instanceof Uint8Array) yield value;
  else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      yield Buffer.from(name);
      yield* textsIn(part);
    }
  }
}
