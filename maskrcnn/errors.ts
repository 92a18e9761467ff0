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
