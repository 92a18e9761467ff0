/**
 * The stages of a run, one after another, each from where the one before stopped. A stage is a workflow of its
 * own. It is run again, from the epochs that it has, when epochs were added just as it ended, and when the
 * checkpoint that it came to proves damaged: then the epoch that made it is done again.
 */
import {
  ApplicationFailure,
  ParentClosePolicy,
  startChild,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import type { EpochStart, FinishedEpoch } from '../contracts/activities.ts';
import type { Stage } from '../contracts/pipeline-input.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { damagedCheckpoint } from './epoch-failure.ts';
import { epochsBefore } from './kept-epochs.ts';
import { ordersSignal } from './messages.ts';
import type { PreparedData } from './prepare-data.ts';
import type { PlannedStage } from './run-control.ts';
import type { Run } from './run.ts';
import {
  REDONE_AT_MOST,
  trainStage,
  type StageOutcome,
  type TrainStageInput,
} from './train-stage.ts';

interface BegunStage {
  readonly recipe: Stage;
  readonly plan: PlannedStage;
  readonly firstEpoch: number;
  /** How often its workflow was started. */
  starts: number;
  outcome: StageOutcome;
}

const NOTHING: StageOutcome = { chosen: null, kept: [], planned: 0, ended: 'asked' };

export class Training {
  readonly #run: Run;
  readonly #data: PreparedData;
  readonly #stages: BegunStage[] = [];

  constructor(run: Run, data: PreparedData) {
    this.#run = run;
    this.#data = data;
  }

  /** Trains all stages; those before, when somebody ends the training. */
  async run(): Promise<void> {
    const { input, control, progress } = this.#run;
    let firstEpoch = 1;
    for (const recipe of input.training.stages) {
      await progress.untilWanted();
      const plan = control.stageNamed(recipe.name);
      if (plan === undefined) throw new RangeError(`the stage ${recipe.name} was not planned`);
      const stage = { recipe, plan, firstEpoch, starts: 0, outcome: NOTHING };
      this.#stages.push(stage);
      if (!control.endsTraining) await this.#trainStage(stage);
      this.#end(stage);
      firstEpoch += plan.epochs;
    }
  }

  /** Does `work` with what the training came to. A checkpoint that proves damaged is made anew, and so is the work. */
  withCheckpoint<T>(work: (checkpoint: CheckpointRef) => Promise<T>): Promise<T> {
    return this.#afterStages(this.#stages.length, (start) => {
      if (start.kind === 'checkpoint') return work(start.checkpoint);
      throw ApplicationFailure.nonRetryable(
        'The training ended before an epoch was finished: there is nothing to evaluate.',
        'nothing-trained',
      );
    });
  }

  async #trainStage(stage: BegunStage): Promise<void> {
    const { plan } = stage;
    plan.state = 'running';
    do {
      stage.outcome = await this.#runStage(stage, { done: stage.outcome.kept });
      // Epochs may have been added when the stage had ended already.
    } while (stage.outcome.ended === 'complete' && plan.epochs > stage.outcome.planned);
  }

  #end({ recipe, plan, firstEpoch, outcome }: BegunStage): void {
    plan.state = 'over';
    if (outcome.ended === 'complete') return;
    this.#run.progress.stageStopped({
      stage: recipe.name,
      epochs: (outcome.kept.at(-1)?.result.epoch ?? firstEpoch - 1) - firstEpoch + 1,
      planned: plan.epochs,
      bestEpoch: this.#chosen(this.#stages.length)?.epoch.result.epoch ?? 1,
      reason: outcome.ended,
    });
  }

  /** The epoch to go on from after the first so many stages; `undefined` when none was finished. */
  #chosen(stages: number): { stage: BegunStage; epoch: FinishedEpoch } | undefined {
    return this.#stages
      .slice(0, stages)
      .flatMap((stage) => {
        const { chosen } = stage.outcome;
        return chosen === null ? [] : [{ stage, epoch: chosen }];
      })
      .at(-1);
  }

  async #afterStages<T>(stages: number, work: (start: EpochStart) => Promise<T>): Promise<T> {
    for (let redone = 0; ; redone++) {
      const made = this.#chosen(stages);
      const { initialWeights } = this.#run.input.training;
      if (made === undefined) return work({ kind: 'initial', weights: initialWeights });
      const { checkpoint } = made.epoch;
      try {
        return await work({ kind: 'checkpoint', checkpoint });
      } catch (error) {
        const isIts = damagedCheckpoint(error)?.manifestKey === checkpoint.manifestKey;
        if (!isIts || redone === REDONE_AT_MOST) throw error;
        this.#run.progress.note(
          `The checkpoint that stage ${made.stage.recipe.name} came to, of epoch ${checkpoint.epoch}, is damaged ` +
            `(${checkpoint.manifestKey}): the epoch is done again.`,
        );
        await this.#redo(made);
      }
    }
  }

  /** Part of the step "train", which may have ended before. */
  #redo({ stage, epoch }: { stage: BegunStage; epoch: FinishedEpoch }): Promise<void> {
    const { progress } = this.#run;
    return progress.during(
      'train',
      async () => {
        const done = epochsBefore(stage.outcome.kept, epoch.checkpoint);
        const again = { done, throughEpoch: epoch.result.epoch };
        stage.outcome = { ...(await this.#runStage(stage, again)), ended: stage.outcome.ended };
      },
      () => progress.trainingSummary(),
    );
  }

  #runStage(
    stage: BegunStage,
    again: Pick<TrainStageInput, 'done' | 'throughEpoch'>,
  ): Promise<StageOutcome> {
    const { control, search } = this.#run;
    search.set({ stage: stage.recipe.name });
    const index = this.#stages.indexOf(stage);
    return this.#afterStages(index, async (start) => {
      const orders = control.ordersFor(stage.plan);
      const child = await this.#startStage(stage, { ...again, start, orders });
      const tell = () => {
        // A stage that has just ended does not hear: what it missed counts for what follows.
        child.signal(ordersSignal, control.ordersFor(stage.plan)).catch(() => undefined);
      };
      const silence = control.onChange(tell);
      try {
        if (control.ordersFor(stage.plan).serial > orders.serial) tell();
        return await child.result();
      } finally {
        silence();
      }
    });
  }

  #startStage(
    stage: BegunStage,
    own: Pick<TrainStageInput, 'done' | 'throughEpoch' | 'start' | 'orders'>,
  ): Promise<ChildWorkflowHandle<typeof trainStage>> {
    const { runId, input } = this.#run;
    const { recipe, plan, firstEpoch } = stage;
    const { seed, augmentation, earlyStopping } = input.training;
    const { split, records } = this.#data;
    const { model: config, checkpoints, timeouts } = input;
    stage.starts++;
    return startChild(trainStage, {
      // No stage's name holds a dot.
      workflowId: `${runId}-${recipe.name}${stage.starts === 1 ? '' : `.${stage.starts}`}`,
      // A stage of a closed pipeline is of no use; cancelling lets its trainer stop in good order.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${recipe.layers}: epochs ${firstEpoch} to ${firstEpoch + plan.epochs - 1}`,
      args: [
        {
          ...{ runId, config, seed, augmentation, earlyStopping, split, records },
          ...{ checkpoints, timeouts, stage: recipe, stageFirstEpoch: firstEpoch },
          ...own,
        },
      ],
    });
  }
}
