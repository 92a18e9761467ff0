/** Detection by the weights of a published version: what `predict` and the server run. */
import { fitImage } from '../datasets/fit-image.ts';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import { Detector } from '../maskrcnn/detector.ts';
import { Parameters } from '../maskrcnn/parameters.ts';
import { loadWeights } from '../maskrcnn/weights/load.ts';
import { graphCacheIn } from '../trainer/engine.ts';

export interface PublishedWeights {
  readonly config: MaskRcnnConfig;
  /** The version's Keras `.h5` file. */
  readonly weightsPath: string;
  /** Compiled graphs have a folder of their own in it. */
  readonly cacheFolder: string;
}

export interface PublishedDetector extends Disposable {
  readonly detect: Detector['detect'];
}

/** Throws `WeightFileError`, `WeightsMismatchError`. */
export async function openDetector(options: PublishedWeights): Promise<PublishedDetector> {
  const { config, weightsPath, cacheFolder } = options;
  const parameters = Parameters.zeros(config);
  try {
    await loadWeights(parameters, weightsPath, { strict: true });
    const graphCache = await graphCacheIn(cacheFolder);
    const detector = new Detector(config, parameters, { fit: fitImage, graphCache });
    return {
      detect: (image, detectOptions) => detector.detect(image, detectOptions),
      [Symbol.dispose]: () => {
        detector[Symbol.dispose]();
        parameters[Symbol.dispose]();
      },
    };
  } catch (error) {
    parameters[Symbol.dispose]();
    throw error;
  }
}
