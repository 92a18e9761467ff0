/** Versions in a real registry, for servers to load. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MaskRcnnConfig } from '../../../maskrcnn/config.ts';
import { moveAlias } from '../../../storage/move-alias.ts';
import { resolveVersion } from '../../../storage/model-registry.ts';
import type { ObjectStore } from '../../../storage/object-store.ts';
import { publishVersion } from '../../../storage/publish-version.ts';
import { lineage, scores, TO_CHAMPION } from '../../storage/registry-fixtures.ts';

export interface Publication {
  readonly model: string;
  readonly config: MaskRcnnConfig;
  /** A Keras `.h5` file. */
  readonly weightsPath: string;
  /** The champion moves to the version when this is more than the one before has. */
  readonly score: number;
  /** For a file that stands for the SavedModel, which servers do not read. */
  readonly folder: string;
}

/** Publishes a version, lets `champion` name it, and gives its number. */
export async function publishChampion(
  store: ObjectStore,
  { model, config, weightsPath, score, folder }: Publication,
): Promise<number> {
  const run = `${model}-${String(score)}`;
  const savedModelFolder = join(folder, `saved-${run}`);
  await mkdir(savedModelFolder, { recursive: true });
  await writeFile(join(savedModelFolder, 'saved_model.pb'), 'graph');
  const { version } = await publishVersion(store, {
    model,
    attempt: 'a1',
    config,
    classNames: ['background', 'lesion'],
    scores: scores(score),
    lineage: lineage(run),
    weightsPath,
    savedModelFolder,
    modelCard: () => '# Card',
  });
  const { manifest } = await resolveVersion(store, model, version);
  const { moved, reason } = await moveAlias(store, manifest, TO_CHAMPION);
  if (!moved) throw new Error(`The champion did not move: ${reason}`);
  return version;
}
