/** The GPU workers' activities around one trainer process. */
import type { TrainingActivities } from '../contracts/activities.ts';
import type { TrainerHost } from '../trainer/host.ts';
import { evaluateModelActivity } from './evaluate-model.ts';
import { publishModelActivity } from './publish-model.ts';
import { trainEpochActivity } from './train-epoch.ts';

/** A trainer does one task at a time: give the worker as many slots as it has trainers (one). */
export function createTrainingActivities({
  trainer,
}: {
  readonly trainer: Pick<TrainerHost, 'run'>;
}): TrainingActivities {
  return {
    trainEpoch: trainEpochActivity(trainer),
    evaluateModel: evaluateModelActivity(trainer),
    publishModel: publishModelActivity(trainer),
  };
}
