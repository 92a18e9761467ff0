/** Why a control cannot be now, in a sentence for whoever asked; `undefined` when it can. */
import type { ExtendRequest, StopEarlyRequest } from '../contracts/control.ts';
import type { Approval } from './approval.ts';
import type { PlannedStage, RunControl } from './run-control.ts';
import type { RunProgress } from './run-progress.ts';

export function pauseRefusal(control: RunControl, progress: RunProgress): string | undefined {
  if (control.isPaused) return 'The run is paused already.';
  if (progress.isOver) return OVER;
  if (progress.status().state === 'waiting for approval') {
    return 'The run only waits for approval: there is nothing to hold. Approve, reject or cancel it.';
  }
  if (progress.runningSteps.includes('promote')) {
    return 'The run is in its last step, promote, after which there is nothing to hold.';
  }
  return undefined;
}

/** Of `approve` and of `reject`. */
export function verdictRefusal(approval: Approval, progress: RunProgress): string | undefined {
  const { verdict } = approval;
  if (verdict !== null) {
    return verdict.by === null
      ? `It is too late: ${verdict.reason}, and the version was rejected.`
      : `The version was ${verdict.isApproved ? 'approved' : 'rejected'} by ${verdict.by} already.`;
  }
  if (progress.isOver) return OVER;
  if (!approval.isWanted) {
    return 'Nobody is asked about this run: its input has no "publish.approval", so the gate decides alone.';
  }
  if (approval.isAwaited) return undefined;
  return 'There is nothing to decide yet: the run asks when its version is published and has passed the gate.';
}

export function resumeRefusal(control: RunControl): string | undefined {
  return control.isPaused ? undefined : 'The run is not paused.';
}

export function stopRefusal(
  { now, stage: name }: StopEarlyRequest,
  control: RunControl,
  progress: RunProgress,
): string | undefined {
  const reason = notInTraining(control);
  if (reason !== undefined) return reason;
  if (name !== undefined) {
    const stage = control.stageNamed(name);
    if (stage === undefined) return unknownStage(name, control);
    if (stage.state === 'over') return `The stage ${name} is over.`;
    if (stage.state === 'waiting')
      return `The stage ${name} has not begun: there is nothing to stop.`;
  }
  if (now && progress.status().history.length === 0) {
    return 'No epoch is finished yet, so there is nothing to go on with. Without "now" the training ends after the epoch under way.';
  }
  return undefined;
}

export function extensionRefusal(request: ExtendRequest, control: RunControl): string | undefined {
  const { stage: name } = request;
  if (name !== undefined && control.stageNamed(name) === undefined) {
    return unknownStage(name, control);
  }
  if (control.isTrainingOver) return TRAINING_OVER;
  if (control.endsTraining)
    return 'The training was told to end early and has no more epochs to come.';
  const stage = control.stageToExtend(request);
  if (stage.state === 'over') return `The stage ${stage.name} is over.`;
  if (stage.stop !== 'no') return `The stage ${stage.name} was told to end early.`;
  return undefined;
}

const OVER = 'The run is over.';
const TRAINING_OVER = 'The training is over.';

function notInTraining(control: RunControl): string | undefined {
  if (control.isTrainingOver) return TRAINING_OVER;
  if (!control.hasTrainingBegun)
    return 'The training has not begun: there is nothing to stop early.';
  return undefined;
}

function unknownStage(
  name: string,
  { stages }: { readonly stages: readonly PlannedStage[] },
): string {
  return `There is no stage "${name}": the run has ${stages.map((stage) => stage.name).join(', ')}.`;
}
