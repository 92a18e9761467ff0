/**
 * A checkpoint that was scored → an immutable model version, then the alias if the gate lets it pass, then the
 * outcome for runs to come. Each part may be done again: a version is published once and an alias moved once for
 * it, so dying between any two costs work only; without its outcome the next run trains.
 */
import { join } from 'node:path';
import type { PublishModelOutput } from '../../contracts/activities.ts';
import {
  datasetManifestSchema,
  evaluationManifestSchema,
  type Lineage,
} from '../../contracts/manifests.ts';
import { exportDetection } from '../../maskrcnn/export/saved-model.ts';
import { renderModelCard } from '../../report/model-card.ts';
import { readCheckpoint, scoredWeights } from '../../storage/checkpoints.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import { resolveVersion } from '../../storage/model-registry.ts';
import { moveAlias } from '../../storage/move-alias.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { recordOutcome } from '../../storage/outcomes.ts';
import { publishVersion } from '../../storage/publish-version.ts';
import { downloadFile } from '../../storage/stored-files.ts';
import { codeHash } from '../code-hash.ts';
import type { TaskOf } from '../protocol.ts';
import { breathe, type TaskContext } from '../serve.ts';
import { makeWorkspace, type TaskTools } from '../tools.ts';

export async function exportModel(
  { input, attempt }: TaskOf<'export'>,
  { signal, report }: TaskContext,
  { store, cacheFolder, warm }: TaskTools,
): Promise<PublishModelOutput> {
  const onStep = (done: number, note: string) => report({ done, total: 3, unit: 'steps', note });
  const { runId, model, checkpoint, evaluation, alias, outcomeKey } = input;

  await using workspace = await makeWorkspace(cacheFolder);
  const weightsPath = join(workspace.folder, 'weights.h5');
  const savedModelFolder = join(workspace.folder, 'saved_model');
  const { parameters, config } = await warm.at(checkpoint, {
    folder: join(workspace.folder, 'checkpoint'),
    signal,
    onNote: (note) => onStep(0, note),
  });
  onStep(0, 'writing the SavedModel');
  exportDetection({ config, parameters, folder: savedModelFolder });
  await breathe(signal);

  onStep(1, 'uploading the version');
  // The checkpoint's own file: the version's hash shows that they are the same.
  await downloadFile(store, scoredWeights(await readCheckpoint(store, checkpoint)), weightsPath);
  const lineage = await lineageOf(store, input);
  const { scores, images } = await readNamedDocument(store, evaluation, evaluationManifestSchema);
  const classNames = classNamesOf(config.numClasses);
  const facts = { model, config, classNames, scores, images, lineage };
  const version = await publishVersion(store, {
    ...facts,
    attempt,
    weightsPath,
    savedModelFolder,
    modelCard: (number) => renderModelCard({ ...facts, version: number }),
  });

  onStep(2, `deciding about the alias "${alias}"`);
  const { manifest } = await resolveVersion(store, model, version.version);
  const published = { version, alias: await moveAlias(store, manifest, alias) };
  if (outcomeKey !== null) {
    const result = { runId, outcome: 'trained' as const, evaluation, ...published };
    await recordOutcome(store, { key: outcomeKey, result });
  }
  return published;
}

async function lineageOf(store: ObjectStore, input: TaskOf<'export'>['input']): Promise<Lineage> {
  const { runId, dataset, split, records, checkpoint, evaluation, configHash } = input;
  const source = { key: dataset.manifestKey, hash: dataset.hash };
  const { archives } = await readNamedDocument(store, source, datasetManifestSchema);
  return {
    runId,
    dataset,
    archives,
    split,
    records,
    checkpoint,
    evaluation,
    configHash,
    codeHash: await codeHash(),
  };
}

/** ISIC's task has one class; others are numbered. */
function classNamesOf(count: number): string[] {
  const others = Array.from({ length: count - 2 }, (_, i) => `class-${String(i + 2)}`);
  return ['background', 'lesion', ...others];
}
