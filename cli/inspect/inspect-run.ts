/** What a run is made of: its request and results from Temporal's history, its manifests from the store. */
import type { Client } from '@temporalio/client';
import type { z } from 'zod';
import { LesionFlowError } from '../../contracts/errors.ts';
import {
  checkpointManifestSchema,
  datasetManifestSchema,
  evaluationManifestSchema,
  modelVersionManifestSchema,
  splitManifestSchema,
  type DatasetManifest,
  type ImageScore,
  type Lineage,
} from '../../contracts/manifests.ts';
import type { PipelineInput } from '../../contracts/pipeline-input.ts';
import type { EpochResult, PipelineResult } from '../../contracts/progress.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import { readDocument, readNamedDocument } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { knownRunOf } from '../known-run.ts';
import { printable } from '../runs/compare-runs.ts';

export interface InspectedRun {
  readonly runId: string;
  readonly state: string;
  /** What it was asked to do, secrets left out. */
  readonly request: PipelineInput | undefined;
  /** Pairs that were set aside, and why. */
  readonly quarantined: DatasetManifest['quarantined'];
  readonly split: InspectedSplit | undefined;
  readonly epochs: readonly EpochResult[];
  /** Those that are in the store, by step. */
  readonly checkpoints: readonly KeptCheckpoint[];
  /** Of each validation image. */
  readonly images: readonly ImageScore[];
  readonly published: Pick<PipelineResult, 'version' | 'alias'> | undefined;
  /** As far as the run has come. */
  readonly lineage: Partial<Lineage>;
  /** What should be in the store and cannot be read, in words. */
  readonly gaps: readonly string[];
}

interface InspectedSplit {
  readonly seed: number;
  readonly validationShare: number;
  /** How many. */
  readonly training: number;
  /** Their ids. */
  readonly validation: readonly string[];
}

interface KeptCheckpoint {
  readonly stage: string;
  readonly epoch: number;
  readonly stepInEpoch: number;
  /** Of the whole run. */
  readonly step: number;
  readonly bytes: number;
  readonly manifestKey: string;
}

interface Sources {
  readonly store: ObjectStore;
  readonly client: Client;
}

/** Throws `UsageError` when there is no such run, and where Temporal or the store do not answer. */
export async function inspectRun({ store, client }: Sources, runId: string): Promise<InspectedRun> {
  const run = await knownRunOf(client, runId);
  const gaps: string[] = [];
  const reader = documentReader(store, gaps);
  const { version: ref } = run.published ?? {};
  const version = await reader('version', ref && asDocument(ref), modelVersionManifestSchema);
  const evaluation = await reader('evaluation', run.evaluation, evaluationManifestSchema);
  const splitRef = run.split ?? evaluation?.split;
  const split = await reader('split', splitRef, splitManifestSchema);
  const datasetRef = run.dataset ?? split?.dataset;
  const dataset = await reader(
    'data set',
    datasetRef && asDocument(datasetRef),
    datasetManifestSchema,
  );
  return {
    ...{ runId, state: run.state, epochs: run.epochs, published: run.published, gaps },
    request: run.request && printable(run.request),
    quarantined: dataset?.quarantined ?? [],
    split: split && { ...split, training: split.training.length },
    checkpoints: await keptCheckpoints(store, runId),
    images: evaluation?.images ?? [],
    lineage: version?.lineage ?? {
      runId,
      ...(dataset && { archives: dataset.archives }),
      ...(datasetRef && { dataset: datasetRef }),
      ...(splitRef && { split: splitRef }),
      ...(run.records && { records: run.records }),
      ...(evaluation && { checkpoint: evaluation.checkpoint }),
      ...(run.evaluation && { evaluation: run.evaluation }),
    },
  };
}

const asDocument = (ref: { readonly manifestKey: string; readonly hash: string }) => ({
  ...{ key: ref.manifestKey, hash: ref.hash },
});

/** Reads documents; what is gone or damaged is noted in `gaps`, and hides nothing else. */
function documentReader(store: ObjectStore, gaps: string[]) {
  return async <T>(
    what: string,
    ref: { readonly key: string; readonly hash: string } | undefined,
    schema: z.ZodType<T>,
  ): Promise<T | undefined> => {
    if (ref === undefined) return undefined;
    try {
      return await readNamedDocument(store, ref, schema);
    } catch (error) {
      if (!(error instanceof LesionFlowError) || error.retryable) throw error;
      gaps.push(`${what}: ${error.message}`);
      return undefined;
    }
  };
}

async function keptCheckpoints(store: ObjectStore, runId: string): Promise<KeptCheckpoint[]> {
  const found: KeptCheckpoint[] = [];
  for await (const { key } of store.list(`${storeKeys.checkpointsFolder(runId)}/`)) {
    if (!key.endsWith('/manifest.json')) continue;
    const manifest = await readDocument(store, key, checkpointManifestSchema);
    const { stage, epoch, stepInEpoch, step, weights, optimizer, averages } = manifest;
    const bytes = [weights, optimizer, averages].reduce((sum, file) => sum + (file?.bytes ?? 0), 0);
    found.push({ stage, epoch, stepInEpoch, step, bytes, manifestKey: key });
  }
  return found.sort((a, b) => a.step - b.step);
}
