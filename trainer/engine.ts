/** The one place that chooses how a training step runs. */
import { Trainer, type TrainerOptions } from '../maskrcnn/training/trainer.ts';

export type TrainingEngine = Pick<Trainer, 'trainable' | 'momentum' | 'step' | 'validate'> &
  Disposable;

export function createEngine(options: TrainerOptions): TrainingEngine {
  return new Trainer(options);
}
