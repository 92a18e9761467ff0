/**
 * The base of every typed error of LesionFlow: a stable `code`, whether trying again may help, and a
 * message that says what was wrong, with which value, and what to do next.
 */
export interface ErrorDetails {
  /** Stable, kebab-case, one per kind of failure: shown in the Temporal UI and used by scripts. */
  readonly code: string;
  /** May the same call succeed later without anybody changing anything? */
  readonly retryable: boolean;
  /** The offending values, for logs and tests. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class LesionFlowError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly values: Readonly<Record<string, unknown>>;

  constructor(message: string, { code, retryable, values = {}, cause }: ErrorDetails) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = retryable;
    this.values = values;
  }
}
