/**
 * What an epoch may go on under. A checkpoint names the recipe, the data and the code that it came to be
 * under: with another recipe or other data the weights would be nobody's; other code may round otherwise.
 */
import { canonicalJson } from '../../contracts/canonical-json.ts';
import type { TrainEpochInput } from '../../contracts/activities.ts';
import type { CheckpointManifest } from '../../contracts/manifests.ts';
import { sha256 } from '../../storage/documents.ts';
import { codeHash } from '../code-hash.ts';

export type EpochHashes = CheckpointManifest['hashes'];

type Recipe = Pick<TrainEpochInput, 'config' | 'augmentation' | 'seed' | 'stage'>;
type Data = Pick<TrainEpochInput, 'split' | 'records'>;

export async function epochHashes(input: Recipe & Data): Promise<EpochHashes> {
  return { recipe: recipeHash(input), data: dataHash(input), code: await codeHash() };
}

/** Without the number of epochs: a run that is given more of them goes on with its checkpoints. */
function recipeHash({ config, augmentation, seed, stage }: Recipe): string {
  const rates = { ...stage, epochs: undefined };
  return sha256(canonicalJson({ config, augmentation, seed, stage: rates }));
}

function dataHash({ split, records }: Data): string {
  return sha256(canonicalJson({ split: split.hash, records: records.hash }));
}
