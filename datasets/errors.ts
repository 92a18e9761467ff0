/**
 * What can be wrong with an archive and with the data in it. `retryable` is true only where the same call may
 * succeed later with nobody changing anything.
 */
import { LesionFlowError } from '../contracts/errors.ts';
import type { ErrorData } from './loader/messages.ts';

interface Source {
  readonly url: string;
  readonly reason: string;
  readonly cause?: unknown;
}

export class ArchiveNotFoundError extends LesionFlowError {
  constructor({ url, reason, cause }: Source) {
    super(`There is no file at ${url} (${reason}). Check the address in the run's input.`, {
      code: 'archive-not-found',
      retryable: false,
      values: { url, reason },
      cause,
    });
  }
}

/** The archive is there, but can only be fetched as a whole. */
export class NoRangesError extends LesionFlowError {
  constructor(url: string) {
    super(
      `The server of ${url} gives no parts of a file (no HTTP ranges), so the archive cannot be looked into where it lies. Download it and give its path.`,
      { code: 'archive-no-ranges', retryable: false, values: { url } },
    );
  }
}

/** The source answered, and said no. */
export class ArchiveRefusedError extends LesionFlowError {
  constructor({ url, reason, cause }: Source) {
    super(
      `The file at ${url} may not be read (${reason}). Check that it is public, or that the address carries the needed signature.`,
      { code: 'archive-refused', retryable: false, values: { url, reason }, cause },
    );
  }
}

export class ArchiveUnavailableError extends LesionFlowError {
  constructor({ url, reason, cause }: Source) {
    super(
      `The file at ${url} cannot be fetched now (${reason}). Check the host name, the network and any proxy; without a network, download it elsewhere and pass a file:// address.`,
      { code: 'archive-unavailable', retryable: true, values: { url, reason }, cause },
    );
  }
}

export class TruncatedDownloadError extends LesionFlowError {
  constructor({
    url,
    got,
    expected,
    cause,
  }: {
    url: string;
    got: number;
    expected: number | undefined;
    cause?: unknown;
  }) {
    super(
      `The download of ${url} broke off after ${got} of ${expected ?? 'an unknown number of'} bytes. Nothing was kept; it is tried again.`,
      { code: 'download-truncated', retryable: true, values: { url, got, expected }, cause },
    );
  }
}

export class ArchiveChangedError extends LesionFlowError {
  constructor({ url, was, is }: { url: string; was: string | undefined; is: string | undefined }) {
    super(
      `The file at ${url} changed while it was being read (version ${was ?? 'unknown'}, now ${is ?? 'unknown'}). Nothing was kept; it is tried again.`,
      { code: 'archive-changed', retryable: true, values: { url, was, is } },
    );
  }
}

export class ArchiveHashError extends LesionFlowError {
  constructor({ url, expected, actual }: { url: string; expected: string; actual: string }) {
    super(
      `The file at ${url} has SHA-256 ${actual}, but the run's input asks for ${expected}. It is another file or a damaged one; nothing was kept. Correct the address or the hash.`,
      { code: 'archive-hash', retryable: false, values: { url, expected, actual } },
    );
  }
}

export class NotAZipError extends LesionFlowError {
  constructor({ name, reason, cause }: { name: string; reason: string; cause?: unknown }) {
    super(
      `${name} is not a complete zip archive: ${reason}. It may be cut short, or be a web page or another format; download it again and test it with "unzip -t".`,
      { code: 'not-a-zip', retryable: false, values: { name, reason }, cause },
    );
  }
}

interface InArchive {
  readonly archive: string;
  readonly entry: string;
}

/** An entry whose name would place it outside of the archive's own folder, or over another entry. */
export class UnsafeEntryError extends LesionFlowError {
  constructor({ archive, entry, reason }: InArchive & { reason: string }) {
    super(
      `The archive ${archive} holds the entry ${JSON.stringify(entry)}, which is refused: ${reason}. Nothing of the archive is used; do not trust where it came from.`,
      { code: 'unsafe-entry', retryable: false, values: { archive, entry, reason } },
    );
  }
}

export class UnsupportedEntryError extends LesionFlowError {
  constructor({ archive, entry, reason }: InArchive & { reason: string }) {
    super(
      `The entry ${JSON.stringify(entry)} of ${archive} cannot be read: ${reason}. Pack the archive again with plain "zip -r" (stored or deflated, without a password).`,
      { code: 'unsupported-entry', retryable: false, values: { archive, entry, reason } },
    );
  }
}

export class DamagedEntryError extends LesionFlowError {
  constructor({ archive, entry, reason, cause }: InArchive & { reason: string; cause?: unknown }) {
    super(
      `The entry ${JSON.stringify(entry)} of ${archive} is damaged: ${reason}. Fetch the archive again; if it stays so, its source is damaged.`,
      { code: 'damaged-entry', retryable: false, values: { archive, entry, reason }, cause },
    );
  }
}

export class ArchiveTooLargeError extends LesionFlowError {
  constructor({
    archive,
    what,
    got,
    limit,
  }: {
    archive: string;
    what: string;
    got: number;
    limit: number;
  }) {
    super(
      `The archive ${archive} is refused as a likely zip bomb: ${what} is ${got}, the limit is ${limit}. A data set that really is so large must be split into several archives.`,
      { code: 'archive-too-large', retryable: false, values: { archive, what, got, limit } },
    );
  }
}

export class EmptyDatasetError extends LesionFlowError {
  constructor({ dataset, found }: { dataset: string; found: string }) {
    super(
      `The data set "${dataset}" has no usable pair of image and mask (${found}). Images must be named like ISIC_0000000.jpg, their masks ISIC_0000000_segmentation.png; check that the two archives were not swapped.`,
      { code: 'dataset-empty', retryable: false, values: { dataset, found } },
    );
  }
}

export class TooManyQuarantinedError extends LesionFlowError {
  constructor({
    dataset,
    share,
    limit,
    reasons,
  }: {
    dataset: string;
    share: number;
    limit: number;
    reasons: string;
  }) {
    super(
      `${(100 * share).toFixed(1)} % of the pairs of "${dataset}" failed inspection, more than the allowed ${(100 * limit).toFixed(1)} % (inspection.maxQuarantinedShare): ${reasons}. Mend the archives, or raise the limit if losing these is fine.`,
      {
        code: 'too-many-quarantined',
        retryable: false,
        values: { dataset, share, limit, reasons },
      },
    );
  }
}

export class TooFewPairsError extends LesionFlowError {
  constructor({ dataset, pairs }: { dataset: string; pairs: number }) {
    super(
      `The data set "${dataset}" has ${pairs} pair(s); a split into training and validation needs at least 2.`,
      { code: 'too-few-pairs', retryable: false, values: { dataset, pairs } },
    );
  }
}

export class UnsupportedResizeModeError extends LesionFlowError {
  constructor(mode: string) {
    super(
      `Records are made with imageResizeMode "square" only, got "${mode}": all records of a set must have one size. Set model.imageResizeMode to "square".`,
      { code: 'unsupported-resize-mode', retryable: false, values: { mode } },
    );
  }
}

/** A picture that cannot be used, with the reason code under which it is quarantined. */
export class UnusableImageError extends LesionFlowError {
  readonly reason: string;
  readonly detail: string;

  constructor({ reason, detail, cause }: { reason: string; detail: string; cause?: unknown }) {
    super(`The picture cannot be used (${reason}): ${detail}`, {
      code: 'unusable-image',
      retryable: false,
      values: { reason, detail },
      cause,
    });
    this.reason = reason;
    this.detail = detail;
  }
}

export class UnknownRecordError extends LesionFlowError {
  constructor({ id, manifestKey }: { id: string; manifestKey: string }) {
    super(
      `There is no record of image "${id}" in ${manifestKey}. Records hold the images of one split; make them for the split that names this image.`,
      { code: 'unknown-record', retryable: false, values: { id, manifestKey } },
    );
  }
}

export class DamagedShardError extends LesionFlowError {
  constructor({ key, reason, cause }: { key: string; reason: string; cause?: unknown }) {
    super(
      `The shard of records "${key}" is damaged: ${reason}. Delete the records' manifest in the store and run the step "records" again.`,
      { code: 'damaged-shard', retryable: false, values: { key, reason }, cause },
    );
  }
}

export class CacheUnwritableError extends LesionFlowError {
  constructor({ folder, reason, cause }: { folder: string; reason: string; cause?: unknown }) {
    super(
      `The records' cache in ${folder} cannot be written (${reason}). Free some space or correct the folder's rights; everything in it may be deleted at any time.`,
      { code: 'cache-unwritable', retryable: true, values: { folder, reason }, cause },
    );
  }
}

/** What was thrown in a loader thread, with its name, code and values. */
export class RemoteBatchError extends LesionFlowError {
  constructor({ name, message, stack, ...details }: ErrorData) {
    super(message, details);
    this.name = name;
    if (stack !== undefined) this.stack = stack;
  }
}

/**
 * A loader thread went away before its batches were made. One that ran may run again; one that never started
 * is a broken installation, unless memory was short.
 */
export class BatchThreadDiedError extends LesionFlowError {
  constructor({
    exitCode,
    started,
    cause,
  }: {
    exitCode: number;
    started: boolean;
    cause: unknown;
  }) {
    const reason = cause instanceof Error ? cause.message : `exit code ${String(exitCode)}`;
    const outOfMemory = (cause as { code?: unknown } | undefined)?.code === OUT_OF_MEMORY;
    super(
      `A thread that makes training batches ${started ? 'died' : 'could not start'} (${reason}). ${
        outOfMemory
          ? "It had too little memory: lower the loader's threads or depth, or the batch size."
          : 'The epoch can run again from the checkpoint it started from.'
      }`,
      {
        code: 'batch-thread-died',
        retryable: started || outOfMemory,
        values: { exitCode, started, reason },
        cause,
      },
    );
  }
}

const OUT_OF_MEMORY = 'ERR_WORKER_OUT_OF_MEMORY';

/** Somebody waits for a batch of a stream that was closed meanwhile. */
export class BatchStreamClosedError extends LesionFlowError {
  constructor() {
    super('The stream of batches is closed. Open another one; a stream is read once.', {
      code: 'batch-stream-closed',
      retryable: false,
    });
  }
}

export class LoaderOptionError extends LesionFlowError {
  constructor(option: string, value: number) {
    super(
      `The loader's option "${option}" is ${value}; give a whole number from 1 to 64. (LESIONFLOW_DATA_THREADS sets "threads" of a trainer.)`,
      { code: 'loader-option', retryable: false, values: { option, value } },
    );
  }
}
