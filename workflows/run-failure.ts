/** What a run's failure says on its page: the real reason and its code, not "Activity task failed". */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  isCancellation,
  TemporalFailure,
  TimeoutFailure,
} from '@temporalio/workflow';

/** Was the run itself cancelled, rather than only one of its stages? */
export function isRunCancellation(error: unknown): boolean {
  return isCancellation(error) && CancellationScope.current().consideredCancelled;
}

/**
 * A final failure with the reason's message and type; the chain of wrappers is kept as its cause.
 * An error that is no failure of Temporal is a bug in workflow code and is thrown on: the run then stays
 * open, and a mended worker goes on with it.
 */
export function runFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (!(error instanceof TemporalFailure)) throw error;
  const { step, reason } = unwrap(error);
  return ApplicationFailure.create({
    message: `${step}: ${explain(reason)}`,
    type: reason instanceof ApplicationFailure ? (reason.type ?? 'Unknown') : reason.name,
    nonRetryable: true,
    details: reason instanceof ApplicationFailure ? (reason.details ?? []) : [],
    cause: error,
  });
}

/** The failure inside all wrappers; `undefined` for an error that is no failure of Temporal. */
export function unwrapFailure(error: unknown): TemporalFailure | undefined {
  return error instanceof TemporalFailure ? unwrap(error).reason : undefined;
}

/** The activity or child workflow that failed, and the failure inside all wrappers. */
function unwrap(failure: TemporalFailure): { step: string; reason: TemporalFailure } {
  let step = 'run';
  let reason = failure;
  while (reason instanceof ActivityFailure || reason instanceof ChildWorkflowFailure) {
    step = reason instanceof ActivityFailure ? reason.activityType : reason.workflowType;
    if (!(reason.cause instanceof TemporalFailure)) break;
    reason = reason.cause;
  }
  return { step, reason };
}

function explain(reason: TemporalFailure): string {
  if (!(reason instanceof TimeoutFailure)) return reason.message;
  return reason.timeoutType === 'HEARTBEAT'
    ? "its worker died or made no progress for longer than timeouts.heartbeatSeconds, in every attempt. Look at the worker's log; raise timeouts.heartbeatSeconds if a single step takes that long."
    : `took too long (${reason.timeoutType} timeout) in every attempt.`;
}
