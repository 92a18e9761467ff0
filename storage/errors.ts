/**
 * What can go wrong between this project and its object store. `retryable` says whether waiting may help:
 * an unreachable server may come back, a missing key or a refused write will not by itself.
 */
import { LesionFlowError } from '../contracts/errors.ts';

export class ObjectNotFoundError extends LesionFlowError {
  constructor({ bucket, key, cause }: { bucket: string; key: string; cause?: unknown }) {
    super(
      `There is no object "${key}" in bucket "${bucket}". It was deleted, or the step that writes it has not finished.`,
      { code: 'object-not-found', retryable: false, values: { bucket, key }, cause },
    );
  }
}

/** A conditional write lost: the object exists already, or is no longer the version that was named. */
export class PreconditionFailedError extends LesionFlowError {
  constructor({ key, condition, cause }: { key: string; condition: string; cause?: unknown }) {
    super(
      `The object "${key}" was not written, because ${condition} does not hold: somebody else wrote it. Read it again and decide anew.`,
      { code: 'precondition-failed', retryable: false, values: { key, condition }, cause },
    );
  }
}

/** A multipart upload that is no more: swept away as old, or as part of what nothing needs any more. */
export class UploadAbortedError extends LesionFlowError {
  constructor({ key, cause }: { key: string; cause?: unknown }) {
    super(
      `The upload of "${key}" was aborted by somebody else, e.g. by a sweep because it was old. Upload it again.`,
      { code: 'upload-aborted', retryable: true, values: { key }, cause },
    );
  }
}

export class StoreUnreachableError extends LesionFlowError {
  constructor({ endpoint, reason, cause }: { endpoint: string; reason: string; cause?: unknown }) {
    super(
      `The object store at ${endpoint} cannot be reached (${reason}). Check that it runs, that LESIONFLOW_S3_ENDPOINT (or the AWS region) is right, and that no firewall or proxy is in between.`,
      { code: 'store-unreachable', retryable: true, values: { endpoint, reason }, cause },
    );
  }
}

/** The store answered and refused: credentials, rights, a missing bucket, an invalid request. */
export class StoreRefusedError extends LesionFlowError {
  constructor({
    endpoint,
    bucket,
    reason,
    cause,
  }: {
    endpoint: string;
    bucket: string;
    reason: string;
    cause?: unknown;
  }) {
    super(
      `The object store at ${endpoint} refused a request to bucket "${bucket}": ${reason}. Check that the bucket exists (LESIONFLOW_S3_BUCKET) and that the credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY or a role) may read and write it.`,
      { code: 'store-refused', retryable: false, values: { endpoint, bucket, reason }, cause },
    );
  }
}

/** A ranged read that the object is too short for. */
export class ShortObjectError extends LesionFlowError {
  constructor({ key, start, end, got }: { key: string; start: number; end: number; got: number }) {
    super(
      `The object "${key}" has ${got} of the ${end - start} bytes asked for at ${start}..${end}: it is shorter than what names it says. Write it again from its source.`,
      { code: 'object-too-short', retryable: false, values: { key, start, end, got } },
    );
  }
}

/** A store that answers, and does not keep a promise that fencing rests on. */
export class StoreUnfitError extends LesionFlowError {
  constructor({
    endpoint,
    bucket,
    promise,
    found,
  }: {
    endpoint: string;
    bucket: string;
    promise: string;
    found: string;
  }) {
    super(
      `The object store at ${endpoint} (bucket "${bucket}") is not fit for LesionFlow. Needed: ${promise}. Found: ${found}. ` +
        'Two workers could overwrite each other there, so none is started. Stores that do as needed: AWS S3 (since November 2024), ' +
        'versitygw in its default mode (not with --sidecar), MinIO; others may need a newer version (docs/operations.md, "The store").',
      { code: 'store-unfit', retryable: false, values: { endpoint, bucket, promise, found } },
    );
  }
}

export class StoreSettingsError extends LesionFlowError {
  constructor(variable: string, problem: string) {
    super(
      `The environment variable ${variable} ${problem}. \`lesionflow dev\` sets it by itself; a worker started by hand needs it.`,
      { code: 'store-settings', retryable: false, values: { variable } },
    );
  }
}

/** A JSON document in the store that is not what its reader expects. */
export class InvalidDocumentError extends LesionFlowError {
  constructor({
    key,
    field,
    problem,
    cause,
  }: {
    key: string;
    field: string;
    problem: string;
    cause?: unknown;
  }) {
    super(
      `The document "${key}" is not valid at ${field}: ${problem}. It was written by another version of LesionFlow or changed by hand; run the step that writes it again.`,
      { code: 'invalid-document', retryable: false, values: { key, field, problem }, cause },
    );
  }
}

/** Bytes in the store that are not the ones that a reference names. */
export class HashMismatchError extends LesionFlowError {
  constructor({ key, expected, actual }: { key: string; expected: string; actual: string }) {
    super(
      `The object "${key}" has SHA-256 ${actual}, but ${expected} was named: its contents were changed or damaged. Run the step that writes it again.`,
      { code: 'hash-mismatch', retryable: false, values: { key, expected, actual } },
    );
  }
}

/** An attempt to prune that was stopped for so long that what it listed may be in use again. */
export class StalePruningError extends LesionFlowError {
  constructor(runId: string) {
    super(
      `The checkpoints of "${runId}" were not pruned: listing them took longer than this attempt had, so that another one may be at work. The next epoch prunes them.`,
      { code: 'stale-pruning', retryable: true, values: { runId } },
    );
  }
}
