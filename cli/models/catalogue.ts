/** The versions of the registry with what a person chooses by: scores, aliases, where they come from. */
import pMap from 'p-map';
import { LesionFlowError } from '../../contracts/errors.ts';
import type { Scores } from '../../contracts/references.ts';
import { listModels, type ListedModel } from '../../storage/list-models.ts';
import { readVersion } from '../../storage/model-registry.ts';
import type { ObjectStore } from '../../storage/object-store.ts';

export interface CatalogueEntry {
  readonly model: string;
  readonly version: number;
  /** Aliases that name it. */
  readonly aliases: readonly string[];
  /** What its manifest says; `undefined` where that cannot be read. */
  readonly facts: VersionFacts | undefined;
  /** Why it cannot be read. */
  readonly problem: string | undefined;
}

export interface VersionFacts {
  readonly createdAt: string;
  readonly dataset: string;
  readonly runId: string;
  readonly scores: Scores;
  /** Scores compare only where this is the same. */
  readonly splitHash: string;
}

const PARALLEL_READS = 8;

/** By model, then the newest first. Throws the store's errors. */
export async function catalogue(store: ObjectStore, model?: string): Promise<CatalogueEntry[]> {
  const versions = (await listModels(store, model)).flatMap(newestFirst);
  return pMap(versions, (version) => entryOf(store, version), { concurrency: PARALLEL_READS });
}

type Listed = Pick<CatalogueEntry, 'model' | 'version' | 'aliases'>;

const newestFirst = ({ model, versions, aliases }: ListedModel): Listed[] =>
  versions.toReversed().map((version) => ({
    model,
    version,
    aliases: aliases.filter((one) => one.version === version).map(({ alias }) => alias),
  }));

/** One damaged version does not hide the others. */
async function entryOf(store: ObjectStore, listed: Listed): Promise<CatalogueEntry> {
  try {
    const { manifest } = await readVersion(store, listed.model, listed.version);
    const { createdAt, scores, lineage } = manifest;
    const { runId, dataset, split } = lineage;
    const facts = { createdAt, dataset: dataset.name, runId, scores, splitHash: split.hash };
    return { ...listed, facts, problem: undefined };
  } catch (error) {
    if (!(error instanceof LesionFlowError) || error.retryable) throw error;
    return { ...listed, facts: undefined, problem: error.message };
  }
}
