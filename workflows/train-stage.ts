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
import type { EarlyStopping } from '../contracts/pipeline-input.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { trainingActivities, type Timeouts } from './activity-options.ts';
import { EpochChoice } from './early-stopping.ts';
import { epochFinishedSignal, stageStoppedSignal } from './messages.ts';
import { stopWords } from './run-details.ts';

export interface TrainStageInput extends Pick<
  TrainEpochInput,
  | 'runId'
  | 'config'
  | 'seed'
  | 'augmentation'
  | 'stage'
  | 'stageFirstEpoch'
  | 'split'
  | 'records'
  | 'checkpoints'
> {
  /** Where the stage's first epoch starts. */
  readonly start: EpochStart;
  readonly timeouts: Timeouts;
  /** Absent in runs that older code started. */
  readonly earlyStopping?: EarlyStopping | null;
}

/** The checkpoint after the stage's last epoch; after its best one, where it may stop early. */
export async function trainStage({
  start,
  timeouts,
  earlyStopping = null,
  ...common
}: TrainStageInput): Promise<CheckpointRef> {
  const { trainEpoch } = trainingActivities(timeouts);
  const { stage, stageFirstEpoch } = common;
  const pipeline = parentHandle();
  let from = start;
  const choice = new EpochChoice(earlyStopping);
  for (let done = 0; done < stage.epochs; done++) {
    const output = await trainEpoch.executeWithOptions(
      { summary: `${stage.name}: epoch ${done + 1} of ${stage.epochs}` },
      [{ ...common, epoch: stageFirstEpoch + done, start: from, best: null }],
    );
    if (output.kind === 'interrupted') throw new Error('an epoch was interrupted');
    from = { kind: 'checkpoint', checkpoint: output.checkpoint };
    choice.add(output);
    setCurrentDetails(
      `Epoch ${done + 1} of ${stage.epochs}, loss ${output.result.training.total.toFixed(4)}`,
    );
    await pipeline?.signal(epochFinishedSignal, output.result);
    if (choice.isOver && done + 1 < stage.epochs) {
      const bestEpoch = choice.chosen?.result.epoch ?? output.result.epoch;
      const stop = { stage: stage.name, epochs: done + 1, planned: stage.epochs, bestEpoch };
      setCurrentDetails(stopWords(stop));
      await pipeline?.signal(stageStoppedSignal, stop);
      break;
    }
  }
  if (choice.chosen === undefined) throw new Error(`stage "${stage.name}" has no epochs`);
  return choice.chosen.checkpoint;
}

/** The pipeline that wants to hear about epochs; none when the stage was started by itself. */
function parentHandle(): ExternalWorkflowHandle | undefined {
  const { parent } = workflowInfo();
  return parent === undefined
    ? undefined
    : getExternalWorkflowHandle(parent.workflowId, parent.runId);
}
