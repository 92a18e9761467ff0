/** How far a run is: what the status query answers and what the Temporal UI shows as current details. */
import { setCurrentDetails } from '@temporalio/workflow';
import {
  pipelineStepSchema,
  type EpochResult,
  type PipelineResult,
  type PipelineStep,
  type RunStatus,
  type StageStop,
} from '../contracts/progress.ts';
import type { Scores } from '../contracts/references.ts';
import { runDetails } from './run-details.ts';

type Step = RunStatus['steps'][number];

export class RunProgress {
  readonly #runId: string;
  readonly #steps: Step[];
  readonly #history: EpochResult[] = [];
  readonly #stoppedEarly: StageStop[] = [];
  #state: RunStatus['state'] = 'running';
  #totalEpochs = 0;
  #scores: Scores | null = null;

  constructor(runId: string) {
    this.#runId = runId;
    this.#steps = pipelineStepSchema.options.map((step) => ({
      step,
      state: 'waiting',
      summary: '',
    }));
  }

  status(): RunStatus {
    return {
      runId: this.#runId,
      state: this.#state,
      steps: this.#steps,
      epochs: { done: this.#history.length, total: this.#totalEpochs },
      history: this.#history,
      stoppedEarly: this.#stoppedEarly,
      scores: this.#scores,
    };
  }

  /** Runs `work` as `step`; `summarise` says in a few words what came out of it. */
  async during<T>(
    step: PipelineStep,
    work: () => Promise<T>,
    summarise: (result: T) => string,
  ): Promise<T> {
    this.#set(step, 'running', '');
    try {
      const result = await work();
      this.#set(step, 'done', summarise(result));
      return result;
    } catch (error) {
      this.#set(step, 'failed', '');
      throw error;
    }
  }

  expectEpochs(total: number): void {
    this.#totalEpochs = total;
  }

  /** Counts an epoch once, however often it is reported. */
  epochFinished(result: EpochResult): void {
    if (this.#history.some(({ epoch }) => epoch === result.epoch)) return;
    this.#history.push(result);
    this.#show();
  }

  /** A stage has fewer epochs than was expected. */
  stageStopped(stop: StageStop): void {
    if (this.#stoppedEarly.some(({ stage }) => stage === stop.stage)) return;
    this.#stoppedEarly.push(stop);
    this.#totalEpochs -= stop.planned - stop.epochs;
    this.#show();
  }

  /** What came out of the training, in a few words. */
  trainingSummary(): string {
    const epochs = `${this.#history.length} epochs`;
    const stops = this.#stoppedEarly.map(
      ({ stage, bestEpoch }) => `${stage} stopped early, best epoch ${bestEpoch}`,
    );
    return [epochs, ...stops].join('; ');
  }

  scored(scores: Scores): void {
    this.#scores = scores;
  }

  /** An earlier run did the very same: what is left to do is skipped. */
  nothingNew({ runId, evaluation }: PipelineResult): void {
    for (const step of ['train', 'evaluate', 'publish'] as const) {
      this.#set(step, 'skipped', `nothing new since ${runId}`);
    }
    this.#totalEpochs = 0;
    this.scored(evaluation.scores);
  }

  /** The run is over. Steps that still ran go down with it. */
  end(state: Exclude<RunStatus['state'], 'running'>, summary = ''): void {
    this.#state = state;
    for (const { step, ...at } of this.#steps) {
      if (at.state === 'running') this.#set(step, 'failed', 'stopped with the run');
      if (at.state === 'failed' && at.summary === '') this.#set(step, 'failed', summary);
    }
    this.#show();
  }

  #set(step: PipelineStep, state: Step['state'], summary: string): void {
    this.#steps[pipelineStepSchema.options.indexOf(step)] = { step, state, summary };
    this.#show();
  }

  #show(): void {
    setCurrentDetails(runDetails(this.status()));
  }
}
