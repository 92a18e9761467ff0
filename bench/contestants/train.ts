/** A training step: annotated images in memory → targets → losses → gradients → new weights. */
import { performance } from 'node:perf_hooks';
import {
  buildBatch,
  CompiledTrainer,
  Parameters,
  randomStream,
  type AnnotatedImage,
  type Losses,
  type MaskRcnnConfig,
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
import { trainUntilPositives, type Model } from './positives.ts';
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
  const images = await annotatedImages(request.pictures, size);
  const layers = kind === 'train-heads' ? 'heads' : 'all';
  if (kind === 'start-up') {
    const parameters = await parametersOf(config, request);
    return stepping(createEngine({ config, parameters, layers }), { config, images });
  }
  const model = { config, parameters: Parameters.initialise(config, SEED) };
  const create = () => createEngine({ ...model, layers });
  if (layers === 'all') {
    const engine = create();
    if (engine instanceof CompiledTrainer) {
      const positives = trainUntilPositives(model, images, engine);
      return stepping(engine, { config, images, positives });
    }
  }
  const positives = settle(model, images);
  return stepping(create(), { config, images, positives });
}

function settle(model: Model, images: readonly AnnotatedImage[]): number {
  using trainer = new CompiledTrainer({ ...model, layers: 'all' });
  return trainUntilPositives(model, images, trainer);
}

interface Stepping {
  readonly config: MaskRcnnConfig;
  readonly images: readonly AnnotatedImage[];
  /** RoIs on a lesion, an image, where known. */
  readonly positives?: number;
}

function stepping(engine: Engine, { config, images, positives }: Stepping): Work {
  let step = 0;
  return {
    library: libraryName(),
    run: () => {
      const began = performance.now();
      const batch = buildBatch(images, config, randomStream(SEED, 'batch', step++));
      const built = performance.now();
      engine.step(batch, LEARNING_RATE);
      const milliseconds = performance.now() - began;
      const parts = { 'building the batch': built - began };
      return Promise.resolve({
        milliseconds,
        parts,
        ...(positives === undefined ? {} : { positives }),
      });
    },
  };
}
