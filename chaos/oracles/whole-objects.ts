/**
 * No partial object is visible: every document in the store is one that its schema takes, and every file that it
 * names is there, with the size and the hash that it says.
 */
import type { z } from 'zod';
import {
  aliasMoveSchema,
  aliasSchema,
  checkpointManifestSchema,
  datasetManifestSchema,
  evaluationManifestSchema,
  modelVersionManifestSchema,
  outcomeSchema,
  rawManifestSchema,
  recordsManifestSchema,
  splitManifestSchema,
  versionClaimSchema,
} from '../../contracts/manifests.ts';
import { archiveRefSchema } from '../../contracts/references.ts';
import type { StoreIndex } from './store-index.ts';
import { violations, type Violation } from './violation.ts';

const BY_KIND: Readonly<Record<string, z.ZodType>> = {
  raw: rawManifestSchema,
  dataset: datasetManifestSchema,
  split: splitManifestSchema,
  records: recordsManifestSchema,
  checkpoint: checkpointManifestSchema,
  evaluation: evaluationManifestSchema,
  'model-version': modelVersionManifestSchema,
  claim: versionClaimSchema,
  'alias-move': aliasMoveSchema,
  outcome: outcomeSchema,
};

/** Documents without a kind, by their keys. */
const BY_KEY: readonly (readonly [RegExp, z.ZodType])[] = [
  [/^models\/[^/]+\/aliases\//, aliasSchema],
  [/^datasets\/[^/]+\/archives\//, archiveRefSchema],
];

/** Parts of an exported SavedModel: no documents of ours. */
const EXPORTED = /\/saved_model\//;

export function wholeObjects(index: StoreIndex): Violation[] {
  const wrong: string[] = [];
  for (const [key, { text }] of index) {
    if (text === undefined || EXPORTED.test(key)) continue;
    const document = parsed(text);
    const schema = schemaOf(key, document);
    if (schema === undefined) wrong.push(`${key} is no document that is known`);
    else wrong.push(...problemsOf({ key, document, schema, index }));
  }
  return violations('whole objects', wrong);
}

function problemsOf(options: {
  readonly key: string;
  readonly document: unknown;
  readonly schema: z.ZodType;
  readonly index: StoreIndex;
}): string[] {
  const { key, document, schema, index } = options;
  const result = schema.safeParse(document);
  if (!result.success) {
    const [issue] = result.error.issues;
    return [`${key} has a wrong ${issue?.path.join('.') ?? 'root'}: ${issue?.message ?? ''}`];
  }
  return [...filesIn(document)].flatMap((file) => {
    const problem = problemOf(file, index);
    return problem === undefined ? [] : [`${key} names ${file.key}, which ${problem}`];
  });
}

/** What a document says of a file, whichever proof it gives. */
interface NamedFile {
  readonly key: string;
  readonly bytes: number;
  readonly sha256?: string;
  readonly crc32?: number;
}

/** Every object with a key and a size, however deep. References to other runs' documents have no sizes. */
function* filesIn(value: unknown): Generator<NamedFile> {
  if (typeof value !== 'object' || value === null) return;
  const { key, bytes, sha256, crc32 } = value as Partial<NamedFile>;
  if (typeof key === 'string' && typeof bytes === 'number') {
    yield {
      key,
      bytes,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(crc32 === undefined ? {} : { crc32 }),
    };
  }
  for (const part of Object.values(value)) yield* filesIn(part);
}

function problemOf(file: NamedFile, index: StoreIndex): string | undefined {
  const found = index.get(file.key);
  if (found === undefined) return 'is not there';
  if (found.bytes !== file.bytes) return `has ${found.bytes} instead of ${file.bytes} bytes`;
  if (file.sha256 !== undefined && found.sha256 !== file.sha256) return 'has another SHA-256';
  if (file.crc32 !== undefined && found.crc32 !== file.crc32) return 'has another CRC-32';
  return undefined;
}

function schemaOf(key: string, document: unknown): z.ZodType | undefined {
  const { kind } = (document ?? {}) as { kind?: unknown };
  if (typeof kind === 'string') return BY_KIND[kind];
  return BY_KEY.find(([pattern]) => pattern.test(key))?.[1];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
