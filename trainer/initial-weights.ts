/** The state a run starts from: Keras' initial values, and over them what `initialWeights` asks for. */
import { join } from 'node:path';
import type { InitialWeights } from '../contracts/pipeline-input.ts';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import { Parameters } from '../maskrcnn/parameters.ts';
import { COCO_EXCLUDE, loadWeights } from '../maskrcnn/weights/load.ts';
import { fetchPretrained } from '../maskrcnn/weights/pretrained.ts';
import { downloadVersion, resolveVersion } from '../storage/model-registry.ts';
import type { ObjectStore } from '../storage/object-store.ts';

export interface InitialParametersOptions {
  readonly config: MaskRcnnConfig;
  /** Of the layers that the weights do not cover. */
  readonly seed: number;
  readonly weights: InitialWeights;
  readonly store: ObjectStore;
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
  readonly onNote: (note: string) => void;
}

/** The caller owns the parameters. Throws the errors of the weights' source. */
export async function initialParameters(options: InitialParametersOptions): Promise<Parameters> {
  const parameters = Parameters.initialise(options.config, options.seed);
  try {
    await fill(parameters, options);
    return parameters;
  } catch (error) {
    parameters[Symbol.dispose]();
    throw error;
  }
}

async function fill(parameters: Parameters, options: InitialParametersOptions): Promise<void> {
  const { weights, store, cacheFolder, signal, onNote } = options;
  switch (weights.from) {
    case 'scratch':
      return;
    case 'version': {
      onNote(`fetching ${weights.model}, version ${weights.version}`);
      const version = await resolveVersion(store, weights.model, weights.version);
      const { weightsPath } = await downloadVersion(store, version, cacheFolder);
      await loadWeights(parameters, weightsPath, { strict: true });
      return;
    }
    case 'coco':
    case 'imagenet': {
      const { from, url, sha256 } = weights;
      const path = await fetchPretrained({
        from,
        cacheFolder: join(cacheFolder, 'weights'),
        signal,
        onProgress: ({ bytes, total }) => onNote(downloading(from, bytes, total)),
        ...(url === undefined ? {} : { url }),
        ...(sha256 === undefined ? {} : { sha256 }),
      });
      await loadWeights(parameters, path, from === 'coco' ? { exclude: COCO_EXCLUDE } : {});
    }
  }
}

function downloading(what: string, bytes: number, total: number): string {
  const megabytes = (count: number) => (count / 1e6).toFixed(0);
  const of = total === 0 ? '' : ` of ${megabytes(total)}`;
  return `downloading the ${what} weights: ${megabytes(bytes)}${of} MB`;
}
