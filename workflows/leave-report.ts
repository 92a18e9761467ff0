/** Leaves the run's page in the store when it is over, whatever end it came to. Failing at that is no failure of the run. */
import { CancellationScope, log, workflowInfo } from '@temporalio/workflow';
import type { EndedRun } from '../contracts/activities.ts';
import type { RunStatus } from '../contracts/progress.ts';
import { housekeepingActivities } from './activity-options.ts';
import type { Run } from './run.ts';
import { unwrapFailure } from './run-failure.ts';

/** Of more epochs the page reads the losses from the store: a payload of Temporal has a limit. */
const EPOCHS_TOLD = 200;

export async function leaveReport(
  { runId, input: request, progress, results }: Run,
  end: Pick<EndedRun, 'state' | 'failure'>,
): Promise<void> {
  const ended: EndedRun = {
    ...{ runId, request, ...results, ...end },
    startedAt: workflowInfo().startTime.toISOString(),
    closedAt: new Date().toISOString(),
    status: withFewEpochs(progress.status()),
  };
  const { writeReport } = housekeepingActivities();
  try {
    await CancellationScope.nonCancellable(() =>
      writeReport.executeWithOptions({ summary: `${end.state}: for people, in the store` }, [
        ended,
      ]),
    );
  } catch (error) {
    log.warn("The run's page could not be written", { error });
    const reason = unwrapFailure(error)?.message ?? String(error);
    progress.note(
      `The run's page could not be left in the store (${reason}). "lesionflow report ${runId}" writes it anew.`,
    );
  }
}

function withFewEpochs(status: RunStatus): RunStatus {
  return status.history.length > EPOCHS_TOLD ? { ...status, history: [] } : status;
}
