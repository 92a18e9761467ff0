/** An immutable model version. In the trainer, which can export graphs. */
import type { TrainingActivities } from '../contracts/activities.ts';
import type { TrainerHost } from '../trainer/host.ts';
import { attemptName } from './attempt-name.ts';
import { runActivity } from './run-activity.ts';

export const publishModelActivity =
  (trainer: Pick<TrainerHost, 'run'>): TrainingActivities['publishModel'] =>
  (input) =>
    runActivity((hooks, info) =>
      trainer.run(
        { kind: 'export', attempt: attemptName(info), input },
        { ...hooks, stallTimeoutMs: info.heartbeatTimeoutMs },
      ),
    );
