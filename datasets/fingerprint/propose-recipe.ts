/** How long and in which steps to train: batch, steps, epochs, validation, from the pictures, the machine and the hours. */
import { fitsMemory, stepSeconds, type Machine } from './training-cost.ts';

export interface RecipeOptions {
  readonly side: number;
  readonly trainingPairs: number;
  readonly validationPairs: number;
  readonly machine: Machine;
  readonly hours: number;
  /** Images that one step of the optimizer is to see. */
  readonly effectiveBatch: number;
}

export interface RecipeProposal {
  /** Images a step; times `accumulation` it is the effective batch. */
  readonly batch: number;
  readonly accumulation: number;
  readonly stepsPerEpoch: number;
  /** Over all stages. */
  readonly epochs: number;
  readonly validationSteps: number;
  /** How often each picture is seen. */
  readonly passes: number;
  /** Of training alone; `undefined` where times were not measured. */
  readonly minutes: number | undefined;
}

/** What training may take of the hours: validation, scoring and checkpoints take the rest. */
const SHARE_OF_TIME = 0.8;
/** Matterport's recipe sees each picture so often; more was not seen to help. */
const MOST_PASSES = 40;
/** From scratch fewer images teach nothing, however few pictures they come from. */
export const LEAST_IMAGES = 1600;
/** An epoch ends with a validation and a checkpoint, which should be rare against its steps, */
const LEAST_STEPS = 25;
/** and yet show every so many seconds how training goes. */
const EPOCH_SECONDS = 600;

export function proposeRecipe(options: RecipeOptions): RecipeProposal {
  const { side, trainingPairs, validationPairs, machine, hours, effectiveBatch } = options;
  let batch = effectiveBatch;
  while (batch > 1 && !fitsMemory({ side, batch }, machine)) batch = Math.floor(batch / 2);
  const accumulation = Math.ceil(effectiveBatch / batch);
  const images = batch * accumulation;
  const seconds = accumulation * stepSeconds({ side, batch }, machine);

  const useful = Math.max(LEAST_IMAGES, MOST_PASSES * trainingPairs) / images;
  const inTime = machine.hasGpu
    ? Number.POSITIVE_INFINITY
    : (SHARE_OF_TIME * 3600 * hours) / seconds;
  const total = Math.max(2, Math.floor(Math.min(useful, inTime)));
  const onePass = Math.ceil(trainingPairs / images);
  const longest = machine.hasGpu ? onePass : Math.max(1, Math.floor(EPOCH_SECONDS / seconds));
  // Two epochs at least, so that there is a best one.
  const most = Math.max(1, Math.min(longest, Math.floor(total / 2)));
  const stepsPerEpoch = Math.min(most, Math.max(onePass, LEAST_STEPS));
  const epochs = Math.max(2, Math.round(total / stepsPerEpoch));
  return {
    batch,
    accumulation,
    stepsPerEpoch,
    epochs,
    validationSteps: Math.max(
      1,
      Math.min(Math.ceil(validationPairs / batch), Math.ceil(stepsPerEpoch / 8)),
    ),
    passes: (epochs * stepsPerEpoch * images) / trainingPairs,
    minutes: machine.hasGpu ? undefined : (epochs * stepsPerEpoch * seconds) / 60,
  };
}
