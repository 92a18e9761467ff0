/** Valid contents for tests of checkpoints and versions. */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lineage } from '../../contracts/manifests.ts';
import { gateSchema } from '../../contracts/pipeline-input.ts';
import type { Scores, VersionRef } from '../../contracts/references.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { sha256 } from '../../storage/documents.ts';
import type { MoveOptions } from '../../storage/move-alias.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { publishVersion } from '../../storage/publish-version.ts';

export function scores(thresholdJaccard: number): Scores {
  return {
    jaccard: 0.7,
    thresholdJaccard,
    dice: 0.8,
    sensitivity: 0.9,
    specificity: 0.9,
    accuracy: 0.9,
  };
}

/** As a run asks whose input says nothing about it. */
export const TO_CHAMPION: MoveOptions = {
  alias: 'champion',
  gate: gateSchema.parse({}),
  verdict: null,
};

/** `run` makes the lineage unique; `split` names the split that the scores belong to. */
export function lineage(run: string, split = 'one'): Lineage {
  const hash = sha256(run);
  const dataset = { name: 'd', manifestKey: 'd.json', hash, pairs: 4, quarantined: 0 };
  return {
    runId: run,
    dataset,
    archives: { images: hash, masks: hash },
    split: { key: 's.json', hash: sha256(split), training: 3, validation: 1 },
    records: { manifestKey: 'r.json', hash, size: 64, records: 4 },
    checkpoint: { manifestKey: 'c.json', hash, stage: 'heads', epoch: 1, stepInEpoch: 10 },
    evaluation: { key: 'e.json', hash, images: 1, scores: scores(0.5) },
    configHash: hash,
    codeHash: hash,
  };
}

/** The files of a model in `folder`: weights and a SavedModel. */
export async function writeVersionFiles(folder: string): Promise<void> {
  await writeFile(join(folder, 'w.h5'), 'weights');
  await mkdir(join(folder, 'saved', 'variables'), { recursive: true });
  await writeFile(join(folder, 'saved', 'saved_model.pb'), 'graph');
  await writeFile(join(folder, 'saved', 'variables', 'variables.index'), 'index');
}

export interface TestPublication {
  readonly model: string;
  readonly run: string;
  /** What `writeVersionFiles` has filled. */
  readonly folder: string;
  readonly attempt?: string;
  readonly score?: number;
  readonly split?: string;
  readonly savedModelFolder?: string;
}

export function publishTestVersion(
  store: ObjectStore,
  { model, run, folder, attempt = randomUUID(), score = 0.5, split, ...given }: TestPublication,
): Promise<VersionRef> {
  return publishVersion(store, {
    model,
    attempt,
    config: maskRcnnConfigSchema.parse({}),
    classNames: ['background', 'lesion'],
    scores: scores(score),
    lineage: lineage(run, split),
    weightsPath: join(folder, 'w.h5'),
    savedModelFolder: given.savedModelFolder ?? join(folder, 'saved'),
    modelCard: (version) => `# Version ${String(version)}`,
  });
}
