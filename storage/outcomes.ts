/**
 * What runs came to, by the hash of all that decides it: a run with nothing new takes the earlier result. An
 * outcome is written last, after the version that it names.
 */
import type { FindOutcomeInput, FoundOutcome } from '../contracts/activities.ts';
import { modelVersionManifestSchema, outcomeSchema, type Outcome } from '../contracts/manifests.ts';
import type { InitialWeights } from '../contracts/pipeline-input.ts';
import type { PipelineResult } from '../contracts/progress.ts';
import type { VersionRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import {
  canonicalJson,
  readDocument,
  readNamedDocument,
  sha256,
  writeDocument,
} from './documents.ts';
import {
  HashMismatchError,
  InvalidDocumentError,
  ObjectNotFoundError,
  PreconditionFailedError,
} from './errors.ts';
import type { ObjectStore } from './object-store.ts';
import { filesOf } from './publish-version.ts';

export interface OutcomeInputs extends FindOutcomeInput {
  /** Of the rooms that decide what a run comes to (trainer/code-hash.ts). */
  readonly codeHash: string;
}

/**
 * The earlier result is `null` when there is none, when its version is no longer whole, and for a run whose
 * initial weights may be others the next time (`startsFromTheSame`).
 */
export async function findOutcome(
  store: ObjectStore,
  inputs: OutcomeInputs,
): Promise<FoundOutcome> {
  const key = storeKeys.outcome(outcomeHash(inputs));
  if (!startsFromTheSame(inputs.initialWeights)) return { key, earlier: null };
  return { key, earlier: (await readOutcome(store, key)) ?? null };
}

/**
 * Keeps a result for the runs to come. Of several the first stays, as long as its version is there; one that is
 * damaged or whose version was deleted is replaced.
 */
export async function recordOutcome(
  store: ObjectStore,
  { key, result }: { readonly key: string; readonly result: PipelineResult },
): Promise<void> {
  const outcome: Outcome = { kind: 'outcome', result };
  for (;;) {
    const found = await store.head(key);
    if (found !== undefined && (await readOutcome(store, key)) !== undefined) return;
    try {
      const condition =
        found === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: found.etag };
      await writeDocument(store, key, outcome, condition);
      return;
    } catch (error) {
      // Somebody else wrote it in between: look again at what is there.
      if (!(error instanceof PreconditionFailedError)) throw error;
    }
  }
}

/**
 * Hashes of contents, never keys or names that say where they lie. The run's own things (its id, its timeouts, how
 * often it saves) decide nothing.
 */
function outcomeHash(inputs: OutcomeInputs): string {
  const { codeHash, configHash, split, records, evaluation, publish } = inputs;
  return sha256(
    canonicalJson({
      codeHash,
      configHash,
      split: split.hash,
      records: records.hash,
      evaluation,
      // How long somebody has for an answer decides nothing; whether somebody is asked does.
      publish: { ...publish, approval: publish.approval !== null },
    }),
  );
}

/** An alias moves, and an address without a hash may hold another file: such a run has something new to try. */
function startsFromTheSame(weights: InitialWeights): boolean {
  switch (weights.from) {
    case 'scratch':
      return true;
    case 'version':
      return typeof weights.version === 'number';
    case 'coco':
    case 'imagenet':
      return weights.url === undefined || weights.sha256 !== undefined;
    case 'file':
      return weights.sha256 !== undefined;
  }
}

/** The result, if it can be read and the version that it names is whole. */
async function readOutcome(store: ObjectStore, key: string): Promise<PipelineResult | undefined> {
  try {
    const { result } = await readDocument(store, key, outcomeSchema);
    return (await isWhole(store, result.version)) ? result : undefined;
  } catch (error) {
    if (error instanceof ObjectNotFoundError || error instanceof InvalidDocumentError)
      return undefined;
    throw error;
  }
}

async function isWhole(store: ObjectStore, { manifestKey, hash }: VersionRef): Promise<boolean> {
  try {
    const source = { key: manifestKey, hash };
    const manifest = await readNamedDocument(store, source, modelVersionManifestSchema);
    const files = filesOf(manifest);
    const found = await Promise.all(files.map(({ key }) => store.head(key)));
    return found.every((object, i) => object?.bytes === files[i]?.bytes);
  } catch (error) {
    if (error instanceof HashMismatchError) return false;
    throw error;
  }
}
