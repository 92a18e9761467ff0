/**
 * One stage of the recipe ("heads", then "all"): an activity an epoch, each starting from the checkpoint
 * that the one before returned. Only references travel, so forty epochs are about 500 events.
 */
import {
  getExternalWorkflowHandle,
  setCurrentDetails,
  workflowInfo,
  type ExternalWorkflowHandle,
} from '@temporalio/workflow';
import type { EpochStart, TrainEpochInput } from '../contracts/activities.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { trainingActivities, type Timeouts } from './activity-options.ts';
import { epochFinishedSignal } from './messages.ts';

export interface TrainStageInput extends Pick<
  TrainEpochInput,
  'runId' | 'config' | 'seed' | 'augmentation' | 'stage' | 'stageFirstEpoch' | 'split' | 'records'
> {
  /** Where the stage's first epoch starts. */
  readonly start: EpochStart;
  readonly timeouts: Timeouts;
}

/** The checkpoint after the stage's last epoch. */
export async function trainStage({
  start,
  timeouts,
  ...common
}: TrainStageInput): Promise<CheckpointRef> {
  const { trainEpoch } = trainingActivities(timeouts);
  const { stage, stageFirstEpoch } = common;
  const pipeline = parentHandle();
  let from = start;
  let checkpoint: CheckpointRef | undefined;
  for (let done = 0; done < stage.epochs; done++) {
    const output = await trainEpoch.executeWithOptions(
      { summary: `${stage.name}: epoch ${done + 1} of ${stage.epochs}` },
      [{ ...common, epoch: stageFirstEpoch + done, start: from }],
    );
    checkpoint = output.checkpoint;
    from = { kind: 'checkpoint', checkpoint };
    setCurrentDetails(
      `Epoch ${done + 1} of ${stage.epochs}, loss ${output.result.training.total.toFixed(4)}`,
    );
    await pipeline?.signal(epochFinishedSignal, output.result);
  }
  if (checkpoint === undefined) throw new Error(`stage "${stage.name}" has no epochs`);
  return checkpoint;
}

/** The pipeline that wants to hear about epochs; none when the stage was started by itself. */
function parentHandle(): ExternalWorkflowHandle | undefined {
  const { parent } = workflowInfo();
  return parent === undefined
    ? undefined
    : getExternalWorkflowHandle(parent.workflowId, parent.runId);
}
