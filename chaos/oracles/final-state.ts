/** An interrupted run ends bit for bit where an undisturbed one does: the same files, and the same losses. */
import { modelVersionManifestSchema, type StoredFile } from '../../contracts/manifests.ts';
import type { EpochResult, PipelineResult } from '../../contracts/progress.ts';
import { readCheckpoint } from '../../storage/checkpoints.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { violations, type Violation } from './violation.ts';

export interface FinalState {
  /** SHA-256 of each file of the published checkpoint. */
  readonly files: Readonly<Record<'weights' | 'optimizer' | 'averages', string | undefined>>;
  /** Of each epoch; nothing that depends on time. */
  readonly losses: readonly Pick<EpochResult, 'stage' | 'epoch' | 'training' | 'validation'>[];
  readonly scores: PipelineResult['evaluation']['scores'];
}

/** As the published version's lineage names it. */
export async function readFinalState(
  store: ObjectStore,
  { version, evaluation }: PipelineResult,
  history: readonly EpochResult[],
): Promise<FinalState> {
  const manifest = await readNamedDocument(
    store,
    { key: version.manifestKey, hash: version.hash },
    modelVersionManifestSchema,
  );
  const checkpoint = await readCheckpoint(store, manifest.lineage.checkpoint);
  const hashOf = (file: StoredFile | null) => file?.sha256;
  return {
    files: {
      weights: hashOf(checkpoint.weights),
      optimizer: hashOf(checkpoint.optimizer),
      averages: hashOf(checkpoint.averages),
    },
    losses: history.map(({ stage, epoch, training, validation }) => ({
      stage,
      epoch,
      training,
      validation,
    })),
    scores: evaluation.scores,
  };
}

export function sameFinalState(reference: FinalState, run: FinalState): Violation[] {
  const wrong: string[] = [];
  for (const [name, hash] of Object.entries(reference.files)) {
    const found = run.files[name as keyof FinalState['files']];
    if (found !== hash)
      wrong.push(`${name} have the hash ${found ?? 'none'}, not ${hash ?? 'none'}`);
  }
  for (const [at, epoch] of reference.losses.entries()) {
    const [expected, found] = [JSON.stringify(epoch), JSON.stringify(run.losses[at])];
    if (found !== expected) wrong.push(`epoch ${epoch.epoch} gave ${found}, not ${expected}`);
  }
  if (run.losses.length !== reference.losses.length) {
    wrong.push(`${run.losses.length} epochs, not ${reference.losses.length}`);
  }
  if (JSON.stringify(run.scores) !== JSON.stringify(reference.scores)) {
    wrong.push(`scores ${JSON.stringify(run.scores)}, not ${JSON.stringify(reference.scores)}`);
  }
  return violations('final state', wrong);
}
