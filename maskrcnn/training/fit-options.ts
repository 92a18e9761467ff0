/** What `fit` is told, and what it tells while it trains: the arguments and callbacks of `MaskRCNN.train`. */
import type { MaskRcnnConfig } from '../config.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Augment } from '../data/load-image-gt.ts';
import type { FailedImage } from '../data/usable-images.ts';
import type { Parameters } from '../parameters.ts';
import type { averagedSource } from './averages.ts';
import type { RoiSource } from './batch.ts';
import type { Losses } from './loss-values.ts';

export interface FitOptions {
  /** Steps an epoch, images a batch and so on. */
  readonly config: MaskRcnnConfig;
  /** Trained in place; the caller owns them. */
  readonly parameters: Parameters;
  /** Prepared; its classes are those of the config. */
  readonly dataset: Dataset;
  /** Looked at after each epoch, `validationSteps` batches or all there are. */
  readonly validation?: Dataset;
  /** The rate, or the rate at a step (0-based, of this call). @default the config's */
  readonly learningRate?: number | ((step: number) => number);
  /** The last epoch, 1-based. As in Keras it counts the epochs before (`initialEpoch`) too. */
  readonly epochs: number;
  /** Epochs that are done already. @default 0 */
  readonly initialEpoch?: number;
  /** `heads`, `3+`, `4+`, `5+`, `all`, or a regular expression over layer names. */
  readonly layers: string;
  readonly augment?: Augment;
  /** Sources whose images are not augmented. @default none */
  readonly noAugmentationSources?: readonly string[];
  readonly seed: number;
  /** Images without an instance: left out as in the reference, or trained on as background. @default skip */
  readonly emptyImages?: 'skip' | 'background';
  /** So many images may fail, each is left out; one more ends the run. @default 5 */
  readonly maxFailedImages?: number;
  /** RoIs in place of the RPN's, where the config's `useRpnRois` is false. @default random ones */
  readonly rois?: RoiSource;
  readonly onStep?: (step: FitStep) => void;
  /**
   * Awaited; `weights` are those after the epoch, to be saved (the averages, where `emaDecay` asks for them).
   * `stop` makes the epoch the last one.
   */
  readonly onEpochEnd?: (
    epoch: FitEpoch,
    weights: ReturnType<typeof averagedSource>,
  ) => 'stop' | undefined | Promise<'stop' | undefined>;
  readonly onFailedImage?: (failed: FailedImage) => void;
  /** Ends the run before the next step, with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface FitStep {
  /** 1-based. */
  readonly epoch: number;
  /** 1-based, within the epoch. */
  readonly step: number;
  /** Before the step; means over its batches. */
  readonly losses: Losses;
}

export interface FitEpoch {
  /** 1-based. */
  readonly epoch: number;
  /** Means over the epoch's steps. */
  readonly losses: Losses;
  /** Means over the validation batches; absent without validation images. */
  readonly validation?: Losses;
}
