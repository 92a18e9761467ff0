/** ISIC's scores of a checkpoint on the validation images at their own size, and overlay pictures. */
import type { TrainingActivities } from '../contracts/activities.ts';
import type { TrainerHost } from '../trainer/host.ts';
import { attemptName } from './attempt-name.ts';
import { runActivity } from './run-activity.ts';

export const evaluateModelActivity =
  (trainer: Pick<TrainerHost, 'run'>): TrainingActivities['evaluateModel'] =>
  (input) =>
    runActivity((hooks, info) =>
      trainer.run(
        { kind: 'evaluate', attempt: attemptName(info), input },
        { ...hooks, stallTimeoutMs: info.heartbeatTimeoutMs },
      ),
    );
