/**
 * A checkpoint that was scored → an immutable model version. It may be done again: a version is published once, so dying
 * on the way costs work only. Which alias names it is decided afterwards, without TensorFlow (storage/move-alias.ts).
 */
import { join } from 'node:path';
import {
  datasetManifestSchema,
  evaluationManifestSchema,
  type Lineage,
} from '../../contracts/manifests.ts';
import type { VersionRef } from '../../contracts/references.ts';
import { exportDetection } from '../../maskrcnn/export/saved-model.ts';
import { renderModelCard } from '../../report/model-card.ts';
import { readCheckpoint, scoredWeights } from '../../storage/checkpoints.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
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
): Promise<VersionRef> {
  const onStep = (done: number, note: string) => report({ done, total: 2, unit: 'steps', note });
  const { model, checkpoint, evaluation } = input;

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
  return await publishVersion(store, {
    ...facts,
    attempt,
    weightsPath,
    savedModelFolder,
    modelCard: (number) => renderModelCard({ ...facts, version: number }),
  });
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
