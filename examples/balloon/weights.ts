/** Where a model's weights come from, and where a run leaves them: as `MaskRCNN` of mrcnn/model.py does. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  COCO_EXCLUDE,
  fetchPretrained,
  loadWeights,
  type Parameters,
} from '../../maskrcnn/index.ts';
import { OptionError } from './errors.ts';

/** Names of runs start so; the rest is the time, so that they sort by it. */
const RUN = 'balloon';

export interface WeightsOptions {
  /** `coco`, `imagenet`, `last`, `scratch`, or a .h5 file. */
  readonly weights: string;
  /** Folder of the runs. */
  readonly logs: string;
}

/**
 * Fills `parameters`, and says with what. COCO's and ImageNet's weights are downloaded once, to `logs`.
 *
 * @throws OptionError for `last` without a run.  @throws WeightFileError  @throws PretrainedUnavailableError
 */
export async function fillParameters(
  parameters: Parameters,
  { weights, logs }: WeightsOptions,
): Promise<string> {
  switch (weights) {
    case 'scratch':
      return 'initial values';
    case 'coco':
    case 'imagenet': {
      const path = await fetchPretrained({ from: weights, cacheFolder: join(logs, 'pretrained') });
      await loadWeights(parameters, path, weights === 'coco' ? { exclude: COCO_EXCLUDE } : {});
      return path;
    }
    default: {
      const path = weights === 'last' ? await lastWeights(logs) : weights;
      await loadWeights(parameters, path);
      return path;
    }
  }
}

/** `logs/balloon20261124T2045`, a folder for the run that starts now. */
export function runFolder(logs: string, now: Date): string {
  return join(logs, `${RUN}${now.toISOString().slice(0, 16).replace(/[-:]/g, '')}`);
}

/** `mask_rcnn_balloon_0007.h5`, the weights after an epoch. */
export const weightsName = (epoch: number): string =>
  `mask_rcnn_${RUN}_${String(epoch).padStart(4, '0')}.h5`;

/** The weights after the last epoch of the last run (`find_last`). @throws OptionError */
async function lastWeights(logs: string): Promise<string> {
  const runs = (await names(logs)).filter((name) => name.startsWith(RUN)).reverse();
  for (const run of runs) {
    const last = (await names(join(logs, run))).filter((name) => name.endsWith('.h5')).at(-1);
    if (last !== undefined) return join(logs, run, last);
  }
  throw new OptionError(`there are no weights below ${logs}; train first, or say which --logs`);
}

async function names(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries.sort();
}
