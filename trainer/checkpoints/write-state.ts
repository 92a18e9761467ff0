/** The training state as files on this machine, by the thread that owns TensorFlow. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import { averagedSource } from '../../maskrcnn/training/averages.ts';
import { slotSpecs } from '../../maskrcnn/training/slots.ts';
import { saveWeights } from '../../maskrcnn/weights/load.ts';
import type { CheckpointToSave } from '../../storage/checkpoints.ts';
import { saveSlots } from '../state-file.ts';
import type { EpochModel } from '../warm-model.ts';

type StateFiles = Pick<CheckpointToSave, 'weightsPath' | 'optimizerPath' | 'averagesPath'>;

/**
 * Writes what a checkpoint is made of to `folder`, which is made. The engine must be in step with its
 * variables (`sync`). Throws `DiskFullError` and `WeightFileError`.
 */
export async function writeState(
  { parameters, engine }: Pick<EpochModel, 'parameters' | 'engine'>,
  config: MaskRcnnConfig,
  folder: string,
): Promise<StateFiles> {
  await mkdir(folder, { recursive: true });
  const weightsPath = join(folder, 'weights.h5');
  const optimizerPath = join(folder, 'optimizer.h5');
  await saveWeights(parameters, weightsPath);
  await saveSlots(optimizerPath, slotSpecs(config, engine.trainable), engine.slots);
  if (config.emaDecay === 0) return { weightsPath, optimizerPath, averagesPath: null };
  const averagesPath = join(folder, 'averages.h5');
  await saveWeights(averagedSource(parameters, engine.averages), averagesPath);
  return { weightsPath, optimizerPath, averagesPath };
}
