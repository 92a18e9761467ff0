/**
 * The training loop for a data set in memory or on disk: `MaskRCNN.train` of mrcnn/model.py. (The pipeline
 * of this project trains by epochs that are activities, over the same trainer.)
 *
 * Differs on purpose: order, augmentation and sampling follow from the seed and the epoch, so that the same
 * call gives the same numbers (the same bits on a CPU with TF_DETERMINISTIC_OPS=1 in the environment, which
 * orders TensorFlow's sums); validation looks at the same images after each epoch, so that its losses compare;
 * a loss that is not finite ends the run.
 */
import type { MaskRcnnConfig } from '../config.ts';
import { batchSize } from '../config.ts';
import type { Dataset } from '../data/dataset.ts';
import { DatasetError } from '../data/errors.ts';
import { epochImages, FailedImages, validationImages } from '../data/usable-images.ts';
import { randomStream } from '../random.ts';
import type { AnnotatedImage } from './annotated-image.ts';
import { averagedSource } from './averages.ts';
import { buildBatch } from './batch.ts';
import { CompiledTrainer } from './compiled-trainer.ts';
import type { FitEpoch, FitOptions } from './fit-options.ts';
import { meanLosses, type Losses } from './loss-values.ts';

export type { FitEpoch, FitOptions, FitStep } from './fit-options.ts';

/**
 * Trains `layers` and returns what each epoch gave. The optimizer starts at zero, as compiling the model
 * anew does in Keras.
 *
 * @throws DatasetError when the classes of data set and config differ, or no image can be used.
 * @throws ImageError when too many images fail.
 * @throws NonFiniteLossError with the parameters as they were before the step.
 */
export async function fit(options: FitOptions): Promise<FitEpoch[]> {
  const { config, parameters, dataset, validation, layers, epochs, initialEpoch = 0 } = options;
  for (const each of validation === undefined ? [dataset] : [dataset, validation]) {
    requireClasses(each, config);
  }
  using trainer = new CompiledTrainer({ config, parameters, layers });
  const run: Run = {
    options,
    trainer,
    failed: failedImages(options),
    failedInValidation: failedImages(options),
  };
  const history: FitEpoch[] = [];
  for (let epoch = initialEpoch + 1; epoch <= epochs; epoch++) {
    const losses = await trainEpoch(run, epoch);
    const validationLosses = await validate(run);
    trainer.sync();
    const result: FitEpoch = {
      epoch,
      losses,
      ...(validationLosses === undefined ? {} : { validation: validationLosses }),
    };
    history.push(result);
    const weights = averagedSource(parameters, trainer.averages);
    if ((await options.onEpochEnd?.(result, weights)) === 'stop') break;
  }
  return history;
}

interface Run {
  readonly options: FitOptions;
  readonly trainer: CompiledTrainer;
  readonly failed: FailedImages;
  readonly failedInValidation: FailedImages;
}

async function trainEpoch({ options, trainer, failed }: Run, epoch: number): Promise<Losses> {
  const { config, dataset, seed, augment, noAugmentationSources = [], signal } = options;
  const { emptyImages = 'skip', initialEpoch = 0, rois } = options;
  const images = epochImages({
    dataset,
    config,
    failed,
    emptyImages,
    seed,
    epoch,
    augment,
    noAugmentationSources,
  });
  const { stepsPerEpoch: steps, gradientAccumulationSteps: batchesPerStep } = config;
  const count = steps * batchesPerStep;
  const all: Losses[] = [];
  let ofStep: Losses[] = [];
  let seen = 0;
  for await (const batch of batches(images, { size: batchSize(config), count })) {
    signal?.throwIfAborted();
    const random = randomStream(seed, 'batch', epoch, seen++);
    const built = buildBatch(batch, config, random, rois === undefined ? {} : { rois });
    if (seen % batchesPerStep !== 0) {
      ofStep.push(trainer.accumulate(built));
      continue;
    }
    const before = (epoch - initialEpoch - 1) * steps;
    ofStep.push(trainer.step(built, rateAt(options, before + all.length)));
    const losses = meanLosses(ofStep);
    all.push(losses);
    ofStep = [];
    options.onStep?.({ epoch, step: all.length, losses });
  }
  return meanLosses(all);
}

async function validate({
  options,
  trainer,
  failedInValidation,
}: Run): Promise<Losses | undefined> {
  const { config, validation, seed, emptyImages = 'skip', signal, rois } = options;
  if (validation === undefined || config.validationSteps === 0) return undefined;
  const images = validationImages({
    dataset: validation,
    config,
    failed: failedInValidation,
    emptyImages,
  });
  const size = batchSize(config);
  const all: Losses[] = [];
  for await (const batch of batches(images, { size, count: config.validationSteps })) {
    signal?.throwIfAborted();
    // The graph is made for whole batches: what is left over counts only where it is all there is.
    if (batch.length < size && all.length > 0) break;
    const random = randomStream(seed, 'validation', all.length);
    all.push(
      trainer.validate(buildBatch(batch, config, random, rois === undefined ? {} : { rois })),
    );
  }
  return all.length === 0 ? undefined : meanLosses(all);
}

/** At most `count` groups of `size`; the last is smaller where the images end. */
async function* batches(
  images: AsyncGenerator<AnnotatedImage>,
  { size, count }: { readonly size: number; readonly count: number },
): AsyncGenerator<AnnotatedImage[]> {
  let batch: AnnotatedImage[] = [];
  let made = 0;
  for await (const image of images) {
    batch.push(image);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
    if (++made === count) return;
  }
  if (batch.length > 0) yield batch;
}

function rateAt({ learningRate, config }: FitOptions, step: number): number {
  if (learningRate === undefined) return config.learningRate;
  return typeof learningRate === 'number' ? learningRate : learningRate(step);
}

function failedImages({ maxFailedImages = 5, onFailedImage }: FitOptions): FailedImages {
  return new FailedImages(maxFailedImages, onFailedImage);
}

function requireClasses(dataset: Dataset, { numClasses }: MaskRcnnConfig): void {
  if (dataset.numClasses === numClasses) return;
  throw new DatasetError(
    `the data set has ${String(dataset.numClasses)} classes (${dataset.classNames.join(', ')}), but the config ` +
      `says numClasses ${String(numClasses)}; both count the background`,
    { classes: dataset.classNames, numClasses },
  );
}
