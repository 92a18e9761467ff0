/**
 * The run that is disturbed: the preset `tiny`, smaller still, in two stages. Everything that a large run has is
 * in it once: an optimizer with slots, averages, augmentation, validation, checkpoints within the epochs.
 */
import { presets } from '../cli/presets.ts';
import type { PipelineRequest } from '../contracts/pipeline-input.ts';

export const STAGES = ['heads', 'all'] as const;
export const EPOCHS_OF_A_STAGE = 2;
export const ALIAS = 'champion';

/** How long a run is. */
export interface RunLength {
  readonly stepsPerEpoch: number;
  readonly imagesPerStep: number;
  readonly checkpointSeconds: number;
  /** More than a trainer's start and its slowest step take. */
  readonly heartbeatSeconds: number;
}

/** Epochs of half a minute on 2 CPU cores: several checkpoints fit into each. */
export const LONG: RunLength = {
  stepsPerEpoch: 100,
  imagesPerStep: 8,
  checkpointSeconds: 2,
  heartbeatSeconds: 60,
};

/** For CI. */
export const SHORT: RunLength = {
  stepsPerEpoch: 24,
  imagesPerStep: 2,
  checkpointSeconds: 1,
  heartbeatSeconds: 60,
};

export interface RequestOptions extends RunLength {
  /** Of data set and model alike: a new one finds nothing in the store that an earlier run left. */
  readonly name: string;
  readonly images: string;
  readonly masks: string;
}

export function chaosRequest(options: RequestOptions): PipelineRequest {
  const { name, images, masks, stepsPerEpoch, imagesPerStep } = options;
  return {
    dataset: { name, images, masks },
    model: {
      ...presets.tiny.model,
      name: 'chaos',
      imagesPerGpu: imagesPerStep,
      stepsPerEpoch,
      validationSteps: 2,
    },
    training: {
      ...presets.tiny.training,
      stages: STAGES.map((stage) => ({
        name: stage,
        layers: stage,
        epochs: EPOCHS_OF_A_STAGE,
        learningRate: 0.0005,
        schedule: 'cosine' as const,
        warmupSteps: 4,
      })),
    },
    checkpoints: { everySeconds: options.checkpointSeconds, keepEpochs: 2 },
    evaluation: { overlays: 2 },
    publish: { model: name, alias: ALIAS },
    timeouts: { heartbeatSeconds: options.heartbeatSeconds },
    force: true,
  };
}
