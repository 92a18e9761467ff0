/** A training step: annotated images in memory → targets → losses → gradients → new weights. */
import { performance } from 'node:perf_hooks';
import {
  buildBatch,
  randomStream,
  type Losses,
  type Parameters,
  type TrainBatch,
  type TrainerOptions,
} from '../../maskrcnn/index.ts';
import type { Prepare } from '../protocol.ts';
import {
  annotatedImages,
  configOf,
  LEARNING_RATE,
  libraryName,
  parametersOf,
  SEED,
} from './model.ts';
import type { Work } from './serve.ts';

/** Compiled or eager. */
export interface Engine {
  step(batch: TrainBatch, learningRate: number): Losses;
}

export async function trainWork(
  request: Prepare,
  createEngine: (options: TrainerOptions) => Engine,
): Promise<Work> {
  const { kind, size } = request.case;
  const config = configOf(request.case);
  const parameters: Parameters = await parametersOf(config, request);
  const images = await annotatedImages(request.pictures, size);
  const layers = kind === 'train-heads' ? 'heads' : 'all';
  const engine = createEngine({ config, parameters, layers });
  let step = 0;
  return {
    library: libraryName(),
    run: () => {
      const began = performance.now();
      const batch = buildBatch(images, config, randomStream(SEED, 'batch', step++));
      const built = performance.now();
      engine.step(batch, LEARNING_RATE);
      const milliseconds = performance.now() - began;
      return Promise.resolve({ milliseconds, parts: { 'building the batch': built - began } });
    },
  };
}
