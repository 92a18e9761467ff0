/** The AWS SDK's many error shapes → our few typed ones. */
import { LesionFlowError } from '../contracts/errors.ts';
import {
  ObjectNotFoundError,
  PreconditionFailedError,
  StoreRefusedError,
  StoreUnreachableError,
  UploadAbortedError,
} from './errors.ts';
import type { WriteConditions } from './object-store.ts';

interface Request {
  readonly endpoint: string;
  readonly bucket: string;
  readonly key: string;
  readonly conditions: WriteConditions;
}

/** `NoSuchKey`, `NotFound`, … as S3 spells it; empty for what is no error. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** Typed errors, and what is no answer of a server at all (a bug, an abort), pass unchanged. */
export function translateS3Error(error: unknown, request: Request): unknown {
  if (!(error instanceof Error) || error instanceof LesionFlowError) return error;
  const { endpoint, bucket, key, conditions } = request;
  const status = statusOf(error);
  // The version to be replaced was deleted meanwhile.
  if (error.name === 'NoSuchKey' && conditions.ifMatch !== undefined) {
    return new PreconditionFailedError({ key, condition: inWords(conditions), cause: error });
  }
  if (error.name === 'NoSuchKey' || (error.name === 'NotFound' && key !== '')) {
    return new ObjectNotFoundError({ bucket, key, cause: error });
  }
  if (error.name === 'NoSuchUpload') return new UploadAbortedError({ key, cause: error });
  if (status === 412 || (status === 409 && hasCondition(conditions))) {
    return new PreconditionFailedError({ key, condition: inWords(conditions), cause: error });
  }
  if (error.name === 'CredentialsProviderError') {
    const reason = `no credentials were found (${error.message})`;
    return new StoreRefusedError({ endpoint, bucket, reason, cause: error });
  }
  if (status === undefined) {
    const code = networkCode(error);
    return code === undefined
      ? error
      : new StoreUnreachableError({ endpoint, reason: code, cause: error });
  }
  const reason = `${error.name}: ${error.message} (HTTP ${status})`;
  // 429 and 5xx are the server's own trouble, and the SDK has already tried again.
  return status >= 500 || status === 429
    ? new StoreUnreachableError({ endpoint, reason, cause: error })
    : new StoreRefusedError({ endpoint, bucket, reason, cause: error });
}

/**
 * Answers that a store may give to the second sending of a write that it did at the first: the condition
 * no longer holds, the upload is no more.
 */
export function mayRefuseItsOwnRepetition(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const status = statusOf(error);
  return status === 412 || status === 409 || error.name === 'NoSuchUpload';
}

function hasCondition({ ifMatch, ifNoneMatch }: WriteConditions): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined;
}

function inWords({ ifMatch }: WriteConditions): string {
  return ifMatch === undefined ? '"it does not exist yet"' : `"it is still version ${ifMatch}"`;
}

function statusOf(error: Error): number | undefined {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}

/** `ECONNREFUSED`, `ENOTFOUND`, `TimeoutError`, …, wherever the SDK has put it. */
function networkCode(error: Error): string | undefined {
  if (error.name === 'TimeoutError') return `${error.name}: ${error.message}`;
  const { code, errors, cause } = error as { code?: unknown; errors?: unknown; cause?: unknown };
  // Node ≥ 20 tries IPv6 and IPv4 and reports both failures in one AggregateError.
  const inner: unknown = Array.isArray(errors) ? errors[0] : cause;
  if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) return code;
  return inner instanceof Error ? networkCode(inner) : undefined;
}
