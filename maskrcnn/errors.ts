/**
 * Typed errors of the model library. It knows nothing of the pipeline, so they carry the same fields as
 * contracts/errors.ts (a stable `code`, whether trying again may help, the offending values) without
 * importing it.
 */
export interface MaskRcnnErrorDetails {
  /** Stable, kebab-case, one per kind of failure. */
  readonly code: string;
  /** May the same call succeed later without anybody changing anything? */
  readonly retryable?: boolean;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class MaskRcnnError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly values: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    { code, retryable = false, values = {}, cause }: MaskRcnnErrorDetails,
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
    this.values = values;
  }
}

/** Options that no config can have; the message has a line for each. */
export class ConfigError extends MaskRcnnError {
  constructor(problems: readonly string[]) {
    super(
      `the config is not valid:\n${problems.map((problem) => `- ${problem}`).join('\n')}\n` +
        'correct these options; the others may stay',
      { code: 'config', values: { problems } },
    );
  }
}

/** A layer set is neither one of Matterport's five nor a regular expression that selects a layer. */
export class LayerSelectionError extends MaskRcnnError {
  constructor(layers: string, problem: string, cause?: unknown) {
    super(
      `layer set "${layers}" ${problem}; use heads, 3+, 4+, 5+, all or a regular expression that ` +
        `matches whole layer names, such as "(mrcnn_.*)|(rpn_.*)"`,
      { code: 'layer-selection', values: { layers }, cause },
    );
  }
}

/** A parameter was asked for by a name that the model does not have. */
export class UnknownParameterError extends MaskRcnnError {
  constructor(name: string) {
    super(
      `the model has no parameter "${name}"; names look like "res2a_branch2a/kernel", and the ` +
        `backbone and its depth must be those of the config`,
      { code: 'unknown-parameter', values: { name } },
    );
  }
}

/** A weight file is not there, not HDF5, cut off, or not laid out as Keras does. */
export class WeightFileError extends MaskRcnnError {
  constructor(path: string, problem: string, cause?: unknown) {
    super(
      `weight file ${path}: ${problem}; give a .h5 file that Keras' save_weights or LesionFlow wrote`,
      { code: 'weight-file', values: { path }, cause },
    );
  }
}

/** There is no room for a weight file. */
export class DiskFullError extends MaskRcnnError {
  constructor(path: string, cause?: unknown) {
    super(`no space is left on the disk for ${path}; free some, it is tried again`, {
      code: 'disk-full',
      retryable: true,
      values: { path },
      cause,
    });
  }
}

/** A weight file does not fit the model. */
export class WeightsMismatchError extends MaskRcnnError {
  constructor(path: string, problem: string, values: Readonly<Record<string, unknown>>) {
    super(
      `weight file ${path} does not fit the model: ${problem}; use the backbone and number of classes ` +
        `that it was made with, or exclude these layers`,
      { code: 'weights-mismatch', values: { path, ...values } },
    );
  }
}

/** Pretrained weights could not be downloaded. */
export class PretrainedUnavailableError extends MaskRcnnError {
  constructor(url: string, path: string, problem: string, cause?: unknown) {
    super(
      `cannot download pretrained weights from ${url} (${problem}); connect to the network and try ` +
        `again, or download the file by hand to ${path}, or start from scratch instead`,
      { code: 'pretrained-unavailable', retryable: true, values: { url, path }, cause },
    );
  }
}
