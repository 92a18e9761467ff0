/** A training step: annotated images in memory → targets → losses → gradients → new weights. */
import { performance } from 'node:perf_hooks';
import {
  buildBatch,
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
import { countPositives, settle } from './positives.ts';
import type { Work } from './serve.ts';

/** Compiled or eager. */
export interface Engine {
  step(batch: TrainBatch, learningRate: number): Losses;
  /** Brings the weights to the parameters. */
  sync?(): void;
}

export async function trainWork(
  request: Prepare,
  createEngine: (options: TrainerOptions) => Engine | Promise<Engine>,
): Promise<Work> {
  const { kind, size } = request.case;
  const config = configOf(request.case);
  const images = await annotatedImages(request.pictures, size);
  const layers = kind === 'train-heads' ? 'heads' : 'all';
  if (kind === 'start-up') {
    const parameters = await parametersOf(config, request);
    return stepping(await createEngine({ config, parameters, layers }), { config, images });
  }
  const model = { config, parameters: Parameters.initialise(config, SEED) };
  const engine = await createEngine({ ...model, layers });
  settle(model, images, (batch, rate) => engine.step(batch, rate));
  return {
    ...stepping(engine, { config, images }),
    countPositives: () => {
      engine.sync?.();
      return countPositives(model, buildBatch(images, config, randomStream(SEED, 'settling', 0)));
    },
  };
}

interface Stepping {
  readonly config: MaskRcnnConfig;
  readonly images: readonly AnnotatedImage[];
}

function stepping(engine: Engine, { config, images }: Stepping): Work {
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
