/**
 * What a stage tells: its pipeline by signals, and its own page in the Temporal UI. Told whether or not the
 * run is being cancelled; a pipeline that is gone hears nothing and that is no failure of the stage.
 */
import {
  CancellationScope,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  workflowInfo,
  type SignalDefinition,
} from '@temporalio/workflow';
import type { FinishedEpoch } from '../contracts/activities.ts';
import {
  epochFinishedSignal,
  stageRestsSignal,
  stageWarnedSignal,
  type StageRest,
} from './messages.ts';
import { checkpointWords } from './run-details.ts';

export const stageReports = {
  finished: ({ result, checkpoint }: FinishedEpoch): Promise<void> => {
    setCurrentDetails(`Epoch ${result.epoch} done, loss ${result.training.total.toFixed(4)}`);
    return tell(epochFinishedSignal, result, checkpoint);
  },
  rests: (rest: StageRest): Promise<void> => {
    setCurrentDetails(`Holds. ${checkpointWords(rest.checkpoint)}`);
    return tell(stageRestsSignal, rest);
  },
  warned: (warning: string): Promise<void> => {
    log.warn(warning);
    setCurrentDetails(warning);
    return tell(stageWarnedSignal, warning);
  },
};

/** The pipeline that wants to hear; none when the stage was started by itself. */
async function tell<Args extends unknown[]>(
  signal: SignalDefinition<Args>,
  ...args: Args
): Promise<void> {
  const { parent } = workflowInfo();
  if (parent === undefined) return;
  const pipeline = getExternalWorkflowHandle(parent.workflowId, parent.runId);
  try {
    await CancellationScope.nonCancellable(() => pipeline.signal(signal, ...args));
  } catch (error) {
    log.warn('The pipeline does not hear its stage any more', { error });
  }
}
