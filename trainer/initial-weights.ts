/** The state a run starts from: Keras' initial values, and over them what `initialWeights` asks for. */
import { join } from 'node:path';
import type { InitialWeights } from '../contracts/pipeline-input.ts';
import { printable } from '../datasets/sources/archive-stream.ts';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import { Parameters } from '../maskrcnn/parameters.ts';
import { describeLoad } from '../maskrcnn/weights/load-report.ts';
import { COCO_EXCLUDE, loadWeights } from '../maskrcnn/weights/load.ts';
import { fetchPretrained } from '../maskrcnn/weights/pretrained.ts';
import { downloadVersion, resolveVersion } from '../storage/model-registry.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { log } from './log.ts';
import { fetchWeightFile } from './weight-file.ts';

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

export interface InitialParameters {
  readonly parameters: Parameters;
  /** Where they are from, and which of them are not; for people. */
  readonly startedFrom: string;
}

/** The caller owns the parameters. Throws the errors of the weights' source. */
export async function initialParameters(
  options: InitialParametersOptions,
): Promise<InitialParameters> {
  const parameters = Parameters.zeros(options.config);
  try {
    const startedFrom = await fill(parameters, options);
    options.onNote(startedFrom);
    // The note goes with the next one; the log keeps it.
    log.info(startedFrom);
    return { parameters, startedFrom };
  } catch (error) {
    parameters[Symbol.dispose]();
    throw error;
  }
}

async function fill(parameters: Parameters, options: InitialParametersOptions): Promise<string> {
  const { weights, seed } = options;
  if (weights.from === 'scratch') {
    parameters.draw(parameters.specs, seed);
    return 'initial weights from scratch';
  }
  const { exclude = weights.from === 'coco' ? COCO_EXCLUDE : [] } = weights;
  const { strict = weights.from === 'version' } = weights;
  const path = await weightFile(weights, options);
  const report = await loadWeights(parameters, path, { exclude, strict });
  const loaded = new Set(report.loaded);
  const others = parameters.specs.filter(({ name }) => !loaded.has(name));
  parameters.draw(others, seed);
  return `initial weights from ${nameOf(weights)}: ${describeLoad(report)}`;
}

type Stored = Exclude<InitialWeights, { readonly from: 'scratch' }>;

/** The path of a whole file on this machine. */
async function weightFile(
  weights: Stored,
  { store, cacheFolder, signal, onNote }: InitialParametersOptions,
): Promise<string> {
  const folder = join(cacheFolder, 'weights');
  const onBytes = (bytes: number, total: number) =>
    onNote(downloading(nameOf(weights), bytes, total));
  switch (weights.from) {
    case 'version': {
      onNote(`fetching ${nameOf(weights)}`);
      const version = await resolveVersion(store, weights.model, weights.version);
      const { weightsPath } = await downloadVersion(store, version, cacheFolder);
      return weightsPath;
    }
    case 'file': {
      const { url, sha256 } = weights;
      return fetchWeightFile({ url, sha256, store, cacheFolder: folder, signal, onBytes });
    }
    case 'coco':
    case 'imagenet': {
      const { from, url, sha256 } = weights;
      return fetchPretrained({
        from,
        cacheFolder: folder,
        signal,
        onProgress: ({ bytes, total }) => onBytes(bytes, total),
        ...(url === undefined ? {} : { url }),
        ...(sha256 === undefined ? {} : { sha256 }),
      });
    }
  }
}

function nameOf(weights: Stored): string {
  if (weights.from === 'version') return `${weights.model}@${String(weights.version)}`;
  return weights.from === 'file' ? printable(weights.url) : weights.from;
}

function downloading(what: string, bytes: number, total: number): string {
  const megabytes = (count: number) => (count / 1e6).toFixed(0);
  const of = total === 0 ? '' : ` of ${megabytes(total)}`;
  return `downloading the weights of ${what}: ${megabytes(bytes)}${of} MB`;
}
