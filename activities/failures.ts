/**
 * Errors of the rooms as failures of Temporal: the error's code becomes the failure's type, its values the
 * details, and whether it may be retried is the error's own word.
 */
import { ApplicationFailure } from '@temporalio/activity';
import { LesionFlowError } from '../contracts/errors.ts';

/** Larger values are left out: a failure is stored in the history. */
const MAX_DETAIL_CHARACTERS = 16_000;

/**
 * What an activity throws for `error`. A cancelled activity throws the cancellation, whatever error the
 * interrupted work ended with. Unknown errors stay retryable: many are passing faults of libraries below.
 */
export function activityFailure(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (!(error instanceof LesionFlowError)) return error;
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !error.retryable,
    details: [plainValues(error.values)],
    cause: error,
  });
}

/** Values as JSON can hold them; NaN and infinities as words, since JSON would say `null`. */
function plainValues(values: Readonly<Record<string, unknown>>): unknown {
  const text = JSON.stringify(values, (_, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    return value;
  });
  if (text.length > MAX_DETAIL_CHARACTERS) return { leftOut: `${text.length} characters` };
  return JSON.parse(text);
}
