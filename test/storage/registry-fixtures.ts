/** Valid contents for tests of checkpoints and versions. */
import type { Lineage } from '../../contracts/manifests.ts';
import type { Scores } from '../../contracts/references.ts';
import { sha256 } from '../../storage/documents.ts';

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
