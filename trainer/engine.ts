/** The one place that chooses how a training step runs: as one compiled graph. */
import { CompiledTrainer } from '../maskrcnn/training/compiled-trainer.ts';
import type { TrainerOptions } from '../maskrcnn/training/trainer.ts';

export type TrainingEngine = CompiledTrainer;

export function createEngine(options: TrainerOptions): TrainingEngine {
  return new CompiledTrainer(options);
}
