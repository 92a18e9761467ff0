/** What can go wrong between a GPU worker and the trainer process that it owns. */
import { LesionFlowError } from '../contracts/errors.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import type { Death, Diagnosis } from './death.ts';
import type { RemoteError } from './protocol.ts';

/** The trainer went away in the middle of a task. Its code says how: see `diagnose` (death.ts). */
export class TrainerDiedError extends LesionFlowError {
  constructor(task: string, death: Death, { code, explanation }: Diagnosis) {
    super(
      `The trainer (pid ${death.pid}) ${wayOut(death)} during "${task}". ${explanation}${lastWords(death.output)}`,
      { code, retryable: true, values: { task, ...death } },
    );
  }
}

/** There is a driver, and TensorFlow does not see the GPU. */
export class GpuNotFoundError extends LesionFlowError {
  constructor() {
    super(
      'This machine has an NVIDIA driver, but TensorFlow sees no GPU, and on the processor training would take ' +
        'weeks. Another worker may take it; here run "lesionflow doctor" and nvidia-smi (CUDA 12 and cuDNN 9 must ' +
        'be there, in a container also the NVIDIA runtime). To train on the processor on purpose, set ' +
        'CUDA_VISIBLE_DEVICES=-1.',
      { code: 'gpu-not-found', retryable: true, values: {} },
    );
  }
}

/**
 * The trainer never became ready. Killed by a signal (memory, most often) it may do so later; an exit of
 * its own is a broken installation, which no second try mends.
 */
export class TrainerStartError extends LesionFlowError {
  constructor(entry: string, death: Death) {
    super(
      `The trainer "${entry}" ${wayOut(death)} before it was ready. ` +
        `Run "lesionflow doctor" to see whether native TensorFlow loads.${lastWords(death.output)}`,
      { code: 'trainer-start', retryable: death.signal !== null, values: { entry, ...death } },
    );
  }
}

/** The operating system could not make the process at all (no memory, no such program). */
export class TrainerSpawnError extends LesionFlowError {
  constructor(entry: string, cause: Error) {
    super(
      `The trainer "${entry}" could not be started: ${cause.message}. ` +
        'Check that the file is there and that the machine has memory and processes left.',
      { code: 'trainer-spawn', retryable: true, values: { entry }, cause },
    );
  }
}

/** Nothing was heard from the trainer for too long: it was killed so that its slot is free again. */
export class TrainerStalledError extends LesionFlowError {
  constructor(task: string, silentMs: number) {
    super(
      `The trainer said nothing for ${String(Math.round(silentMs / 1000))} s during "${task}" and was killed. ` +
        'It is tried again; if a single step really takes that long, raise timeouts.heartbeatSeconds.',
      { code: 'trainer-stalled', retryable: true, values: { task, silentMs } },
    );
  }
}

/** A trainer has one accelerator and does one task at a time. */
export class TrainerBusyError extends LesionFlowError {
  constructor(running: string, refused: string) {
    super(
      `The trainer is busy with "${running}" and cannot take "${refused}". ` +
        'Give the worker as many activity slots as it has trainers.',
      { code: 'trainer-busy', retryable: true, values: { running, refused } },
    );
  }
}

/** The task itself failed in the trainer; the trainer is alive. Carries the original's name and code. */
export class TrainerTaskError extends LesionFlowError {
  readonly originalName: string;

  constructor(error: RemoteError) {
    super(error.message, {
      code: error.code,
      retryable: error.retryable,
      values: error.values,
    });
    this.originalName = error.name;
  }
}

/** The checkpoint that an epoch was told to start from is not whole any more. */
export class CheckpointDamagedError extends LesionFlowError {
  constructor(checkpoint: CheckpointRef, cause: Error) {
    super(
      `The checkpoint ${checkpoint.manifestKey}, from which the epoch was to start, is damaged: ${cause.message} ` +
        'The run does the epoch before it once more, from the checkpoint before that.',
      { code: 'checkpoint-damaged', retryable: false, values: { checkpoint }, cause },
    );
  }
}

/** A checkpoint of another run's making: weights of two recipes would be nobody's. */
export class OtherRecipeError extends LesionFlowError {
  constructor(
    checkpoint: CheckpointRef,
    what: 'recipe' | 'data',
    [saved, given]: readonly [string, string],
  ) {
    super(
      `The checkpoint ${checkpoint.manifestKey} came to be under another ${what === 'data' ? 'split or other records' : 'recipe'} ` +
        `(hash ${saved.slice(0, 12)}) than is to go on (${given.slice(0, 12)}). Start another run instead.`,
      {
        code: `checkpoint-of-other-${what}`,
        retryable: false,
        values: { checkpoint, saved, given },
      },
    );
  }
}

/** A split names an image that its data set does not have. */
export class MissingPairError extends LesionFlowError {
  constructor(id: string, datasetKey: string, splitKey: string) {
    super(
      `The split ${splitKey} names "${id}", which the data set ${datasetKey} does not have. ` +
        'They belong to different data; run the split again.',
      { code: 'missing-pair', retryable: false, values: { id, datasetKey, splitKey } },
    );
  }
}

function wayOut({ exitCode, signal }: Death): string {
  if (signal !== null) return `ended by ${signal}`;
  return `exited with code ${String(exitCode)}`;
}

function lastWords(output: readonly string[]): string {
  return output.length === 0 ? '' : ` Its last output:\n${output.join('\n')}`;
}
