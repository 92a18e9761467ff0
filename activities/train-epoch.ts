/** One epoch in the trainer process: from a checkpoint, or the initial weights, to the next checkpoint. */
import type { TrainingActivities } from '../contracts/activities.ts';
import type { TrainerHost } from '../trainer/host.ts';
import type { LeftBehind } from '../trainer/protocol.ts';
import { attemptName } from './attempt-name.ts';
import { runActivity } from './run-activity.ts';

const NOTHING: LeftBehind = { checkpoints: [], stepsDone: 0, stepsRedone: 0 };

export const trainEpochActivity =
  (trainer: Pick<TrainerHost, 'run'>): TrainingActivities['trainEpoch'] =>
  (input) =>
    runActivity((hooks, info) =>
      trainer.run(
        { kind: 'train-epoch', attempt: attemptName(info), input, leftBehind: NOTHING },
        hooks,
      ),
    );
