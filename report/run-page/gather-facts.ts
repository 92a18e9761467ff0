/**
 * What the store has of a run, for its page. A run that is still going, or that failed, has a part of it; objects that
 * are gone leave a gap that the page names. Throws only where the store itself does not answer.
 */
import { LesionFlowError } from '../../contracts/errors.ts';
import {
  datasetManifestSchema,
  evaluationManifestSchema,
  modelVersionManifestSchema,
  splitManifestSchema,
} from '../../contracts/manifests.ts';
import type { EpochResult } from '../../contracts/progress.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { KnownRun, RunFacts } from './facts.ts';
import { overlayPictures, quarantinedPictures } from './pictures.ts';
import { findRival } from './rival.ts';
import { trainingCurves, type EventFile, type TrainingCurves } from './training-curves.ts';

export async function gatherFacts(store: ObjectStore, run: KnownRun): Promise<RunFacts> {
  const gaps: string[] = [];
  const orGap = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LesionFlowError) || error.retryable) throw error;
      gaps.push(`${what}: ${error.message}`);
      return undefined;
    }
  };
  const document = <T>(
    what: string,
    ref: { readonly key: string; readonly hash: string } | undefined,
    schema: Parameters<typeof readNamedDocument<T>>[2],
  ) =>
    ref === undefined
      ? Promise.resolve(undefined)
      : orGap(what, () => readNamedDocument(store, ref, schema));

  const { version: versionRef } = run.published ?? {};
  const version = await document(
    'model version',
    asDocument(versionRef),
    modelVersionManifestSchema,
  );
  const evaluation = await document('evaluation', run.evaluation, evaluationManifestSchema);
  const split = await document(
    'split',
    run.split ?? evaluation?.split ?? version?.lineage.split,
    splitManifestSchema,
  );
  const datasetRef = run.dataset ?? split?.dataset ?? version?.lineage.dataset;
  const dataset = await document('data set', asDocument(datasetRef), datasetManifestSchema);
  const config = version?.config ?? run.request?.model;
  const curves = trainingCurves(await eventFiles(store, run.runId), {
    stepsPerEpoch: config?.stepsPerEpoch,
  });
  const model = versionRef?.model ?? run.request?.publish.model;
  const alias = run.published?.alias.name ?? run.request?.publish.alias;
  const splitHash = (run.split ?? evaluation?.split ?? version?.lineage.split)?.hash;
  const rivalry =
    model === undefined || alias === undefined
      ? undefined
      : await orGap('champion', () =>
          findRival(store, { model, alias, version: versionRef?.version, splitHash }),
        );
  return {
    run,
    writtenAt: new Date(),
    epochs: epochsOf(run, curves),
    curves,
    ...{ dataset, split, evaluation, version },
    ...rivalry,
    overlays:
      (evaluation && (await orGap('overlays', () => overlayPictures(store, evaluation)))) ?? [],
    quarantined:
      (dataset && (await orGap('quarantined', () => quarantinedPictures(store, dataset)))) ?? [],
    gaps,
  };
}

const asDocument = (ref: { readonly manifestKey: string; readonly hash: string } | undefined) =>
  ref && { key: ref.manifestKey, hash: ref.hash };

async function eventFiles(store: ObjectStore, runId: string): Promise<EventFile[]> {
  const prefix = storeKeys.eventsFolder(runId, '');
  const files: EventFile[] = [];
  for await (const { key } of store.list(prefix)) {
    const stage = key.slice(prefix.length).split('/')[0] ?? '';
    if (key.includes('tfevents')) files.push({ key, stage, bytes: await store.get(key) });
  }
  return files;
}

/** The status knows more of an epoch; without a worker to ask, the files tell the rest. */
function epochsOf({ status }: KnownRun, { epochs }: TrainingCurves): EpochResult[] {
  if (status !== undefined && status.history.length > 0) {
    return [...status.history].sort((a, b) => a.epoch - b.epoch);
  }
  return epochs.flatMap(({ epoch, stage, training, validation = null, seconds, stepsRedone }) =>
    training === undefined ? [] : [{ stage, epoch, training, validation, seconds, stepsRedone }],
  );
}
