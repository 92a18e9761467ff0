/**
 * What TensorFlow, CUDA and the operating system say in words only: recognised, so that a user reads what to do
 * and the host knows whether the process may be used again.
 */
import { LesionFlowError } from '../contracts/errors.ts';

/** A kind of failure, and what is said of it. */
export interface NativeFailure {
  readonly code: 'out-of-memory' | 'gpu-lost' | 'disk-full';
  /** What happened, and what to do next. */
  readonly explanation: string;
}

export const OUT_OF_MEMORY: NativeFailure = {
  code: 'out-of-memory',
  explanation:
    'Memory ran out. It is tried again, since others may have taken it; when that does not help, lower ' +
    'model.imagesPerGpu or the size of the images, or take a machine (a GPU) with more memory.',
};

const GPU_LOST: NativeFailure = {
  code: 'gpu-lost',
  explanation:
    'The GPU failed. It is tried again with a new trainer process; when that does not help, look for "Xid" in the ' +
    "machine's kernel log (dmesg) and at nvidia-smi, and restart the machine.",
};

const DISK_FULL: NativeFailure = {
  code: 'disk-full',
  explanation:
    "The disk is full. It is tried again; free some space where LESIONFLOW_CACHE and the system's temporary " +
    'folder are. Everything in the cache may be deleted.',
};

/** In this order: CUDA's own lack of memory is no broken GPU. */
const SIGNS: readonly (readonly [RegExp, NativeFailure])[] = [
  [
    /OOM when allocating|RESOURCE_EXHAUSTED|_ERROR_OUT_OF_MEMORY|_STATUS_ALLOC_FAILED|JavaScript heap out of memory|std::bad_alloc|\bENOMEM\b/,
    OUT_OF_MEMORY,
  ],
  [
    /CUDA_ERROR_|CUDNN_STATUS_|CUBLAS_STATUS_|\bcuDNN (launch )?(error|fail)|\bcuBLAS (error|fail)|GPU is lost|device lost|fallen off the bus|\bXid\b/i,
    GPU_LOST,
  ],
  [/\bENOSPC\b|\bEDQUOT\b|no space left on device|quota exceeded/i, DISK_FULL],
];

/** What a text (last words, a message) tells of; `undefined` when it is none of these. */
export function nativeFailureIn(text: string): NativeFailure | undefined {
  return SIGNS.find(([sign]) => sign.test(text))?.[1];
}

/** Codes after which TensorFlow's state in the process is not to be trusted. */
export const SPOILING: ReadonlySet<string> = new Set([
  'out-of-memory',
  'gpu-lost',
  'gpu-not-found',
]);

/** A failure below of us, in our words; the original is its cause. */
class NativeFailureError extends LesionFlowError {
  constructor({ code, explanation }: NativeFailure, cause: Error) {
    super(`${explanation} (${cause.message})`, { code, retryable: true, values: {}, cause });
  }
}

/** `error`, or what it really is where its chain of causes tells of a native failure. */
export function understood(error: unknown): unknown {
  if (!(error instanceof Error) || SPOILING.has(codeOf(error))) return error;
  const failure = nativeFailureIn(chainOf(error).join('\n'));
  return failure === undefined || failure.code === codeOf(error)
    ? error
    : new NativeFailureError(failure, error);
}

function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

function chainOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [`${error.message} ${codeOf(error)}`, ...chainOf(error.cause)];
}
