/**
 * Errors of the rooms as failures of Temporal: the error's code becomes the failure's type, its values the
 * details, and whether it may be retried is the error's own word.
 */
import { ApplicationFailure } from '@temporalio/activity';
import { LesionFlowError } from '../contracts/errors.ts';

/** Larger values are left out: a failure is stored in the history. */
const MAX_DETAIL_CHARACTERS = 16_000;

/**
 * What an activity throws for `error`, with `values` of its own beside the error's. A cancelled activity throws
 * the cancellation, whatever error the interrupted work ended with. Unknown errors stay retryable: many are
 * passing faults of libraries below.
 */
export function activityFailure(
  error: unknown,
  signal: AbortSignal,
  values?: Readonly<Record<string, unknown>>,
): unknown {
  if (signal.aborted) return signal.reason;
  if (!(error instanceof LesionFlowError)) {
    if (values === undefined || !(error instanceof Error)) return error;
    return ApplicationFailure.create({
      message: error.message,
      type: error.name,
      details: [values],
      cause: error,
    });
  }
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !error.retryable,
    details: [{ ...plainValues(error.values), ...values }],
    cause: error,
  });
}

/** Values as JSON can hold them; NaN and infinities as words, since JSON would say `null`. */
function plainValues(values: Readonly<Record<string, unknown>>): object {
  const text = JSON.stringify(values, (_, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    return value;
  });
  if (text.length > MAX_DETAIL_CHARACTERS) return { leftOut: `${text.length} characters` };
  return JSON.parse(text) as object;
}
