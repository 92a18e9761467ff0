/** Trains on a balloon data set and saves the weights after every epoch. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fit,
  learningRateAt,
  Parameters,
  saveWeights,
  type FitEpoch,
} from '../../maskrcnn/index.ts';
import { BalloonDataset } from './balloon-dataset.ts';
import { recipe, type RecipeOptions } from './config.ts';
import { fillParameters, runFolder, weightsName, type WeightsOptions } from './weights.ts';

export interface TrainOptions extends RecipeOptions, WeightsOptions {
  /** Holds `train/` and `val/`, each with pictures and `via_region_data.json`. */
  readonly dataset: string;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** The path of the last weights and what each epoch gave. */
export async function train(
  options: TrainOptions,
): Promise<{ readonly weights: string; readonly history: readonly FitEpoch[] }> {
  const { dataset: folder, logs, classes, seed, say } = options;
  const { config, layers, epochs, schedule, warmupSteps } = recipe(options);
  const dataset = await BalloonDataset.load(folder, 'train', classes);
  const validation = await BalloonDataset.load(folder, 'val', classes);
  say(
    `${String(dataset.numImages)} pictures to train on, ${String(validation.numImages)} to validate`,
  );

  using parameters = Parameters.initialise(config, seed);
  say(`weights: ${await fillParameters(parameters, options)}`);
  const run = runFolder(logs, new Date());
  await mkdir(run, { recursive: true });
  let weights = '';
  const { learningRate, stepsPerEpoch } = config;
  const rates = { schedule, learningRate, warmupSteps, totalSteps: epochs * stepsPerEpoch };
  const history = await fit({
    config,
    parameters,
    dataset,
    validation,
    layers,
    epochs,
    seed,
    learningRate: (step) => learningRateAt(rates, step),
    onFailedImage: ({ name, error }) => say(`left out ${name}: ${String(error)}`),
    onEpochEnd: async (epoch, values) => {
      weights = join(run, weightsName(epoch.epoch));
      await saveWeights(values, weights);
      say(describe(epoch, weights));
      return undefined;
    },
  });
  return { weights, history };
}

function describe({ epoch, losses, validation }: FitEpoch, path: string): string {
  const seen = validation === undefined ? '' : `, validation ${validation.total.toFixed(3)}`;
  return `epoch ${String(epoch)}: loss ${losses.total.toFixed(3)}${seen}; saved ${path}`;
}
