/** How far a run is: what the status query answers and what the Temporal UI shows as current details. */
import { condition, setCurrentDetails } from '@temporalio/workflow';
import { bestEpochOf } from '../contracts/best-epoch.ts';
import type { EarlyStopping } from '../contracts/pipeline-input.ts';
import {
  pipelineStepSchema,
  type AliasAnswer,
  type EpochResult,
  type PipelineResult,
  type PipelineStep,
  type RunStatus,
  type StageStop,
} from '../contracts/progress.ts';
import type { CheckpointRef, Scores, VersionRef } from '../contracts/references.ts';
import type { Approval } from './approval.ts';
import type { RunControl } from './run-control.ts';
import { runDetails } from './run-details.ts';
import { expectedEnd } from './training-outlook.ts';

type Step = RunStatus['steps'][number];
type Control = Pick<RunControl, 'isPaused' | 'stageRests'>;
type Asked = Pick<Approval, 'isAwaited' | 'status'>;

/** The details have a limit, and what happened long ago is in the history. */
const NOTES_KEPT = 20;

export class RunProgress {
  readonly #runId: string;
  readonly #control: Control;
  readonly #approval: Asked;
  readonly #steps: Step[];
  readonly #history: EpochResult[] = [];
  readonly #stoppedEarly: StageStop[] = [];
  #state: RunStatus['state'] = 'running';
  #totalEpochs = 0;
  #metric: EarlyStopping['metric'] = 'total';
  #epochEndedAt = new Date(0);
  #scores: Scores | null = null;
  #lastCheckpoint: CheckpointRef | null = null;
  #version: VersionRef | null = null;
  #alias: AliasAnswer | null = null;
  #notes: readonly string[] = [];

  constructor(runId: string, { control, approval }: { control: Control; approval: Asked }) {
    this.#runId = runId;
    this.#control = control;
    this.#approval = approval;
    this.#steps = pipelineStepSchema.options.map((step) => ({
      step,
      state: 'waiting',
      summary: '',
    }));
  }

  status(): RunStatus {
    return {
      runId: this.#runId,
      state: this.#shownState,
      steps: this.#steps,
      epochs: { done: this.#history.length, total: this.#totalEpochs },
      history: this.#history,
      trainedAt: this.#trainedAt,
      bestEpoch: bestEpochOf(this.#history, this.#metric),
      stoppedEarly: this.#stoppedEarly,
      lastCheckpoint: this.#lastCheckpoint,
      notes: [...this.#notes],
      scores: this.#scores,
      version: this.#version,
      approval: this.#approval.status,
      alias: this.#alias,
    };
  }

  get #shownState(): RunStatus['state'] {
    if (this.isAtRest) return 'paused';
    return !this.isOver && this.#approval.isAwaited ? 'waiting for approval' : this.#state;
  }

  /** Nobody knows it of a run that stands still. */
  get #trainedAt(): string | null {
    if (this.isOver || this.#control.isPaused) return null;
    return expectedEnd(this.#history, { total: this.#totalEpochs, at: this.#epochEndedAt });
  }

  get runningSteps(): readonly PipelineStep[] {
    return this.#steps.filter(({ state }) => state === 'running').map(({ step }) => step);
  }

  get isOver(): boolean {
    return this.#state !== 'running';
  }

  /** Is the run paused, and does nothing of it work any more? */
  get isAtRest(): boolean {
    const { isPaused, stageRests } = this.#control;
    const isStill = this.runningSteps.every((step) => step === 'train' && stageRests);
    return !this.isOver && isPaused && isStill;
  }

  /** Waits while the run is paused. */
  async untilWanted(): Promise<void> {
    if (!this.#control.isPaused) return;
    this.show();
    await condition(() => !this.#control.isPaused);
    this.show();
  }

  /**
   * Runs `work` as `step`, once the run is not paused; `summarise` says in a few words what came out of it.
   * A step within the same step is part of it.
   */
  async during<T>(
    step: PipelineStep,
    work: () => Promise<T>,
    summarise: (result: T) => string,
  ): Promise<T> {
    await this.untilWanted();
    if (this.runningSteps.includes(step)) return work();
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

  /** The validation loss by which an epoch is the best. */
  watch(metric: EarlyStopping['metric']): void {
    this.#metric = metric;
  }

  /** Counts an epoch once, also when its checkpoint had to be made again. */
  epochFinished(result: EpochResult, checkpoint: CheckpointRef): void {
    if (!this.#history.some(({ epoch }) => epoch === result.epoch)) this.#history.push(result);
    this.#epochEndedAt = new Date();
    this.restsAt(checkpoint);
  }

  /** The stage under way would go on from there. */
  restsAt(checkpoint: CheckpointRef | null): void {
    this.#lastCheckpoint = checkpoint ?? this.#lastCheckpoint;
    this.show();
  }

  /** For the run's page: what was mended or ignored. */
  note(text: string): void {
    this.#notes = [...this.#notes, text].slice(-NOTES_KEPT);
    this.show();
  }

  /** A stage has fewer epochs than was expected. */
  stageStopped(stop: StageStop): void {
    if (this.#stoppedEarly.some(({ stage }) => stage === stop.stage)) return;
    this.#stoppedEarly.push(stop);
    this.#totalEpochs -= stop.planned - stop.epochs;
    this.show();
  }

  /** What came out of the training, in a few words. */
  trainingSummary(): string {
    const epochs = `${this.#history.length} epochs`;
    const stops = this.#stoppedEarly.map(
      ({ stage, bestEpoch, reason }) =>
        `${stage} stopped early, ${reason === 'asked' ? 'goes on from' : 'best'} epoch ${bestEpoch}`,
    );
    return [epochs, ...stops].join('; ');
  }

  scored(scores: Scores): void {
    this.#scores = scores;
    this.show();
  }

  published(version: VersionRef): void {
    this.#version = version;
    this.show();
  }

  promoted(answer: AliasAnswer): void {
    this.#alias = answer;
    this.show();
  }

  /** An earlier run did the very same: what is left to do is skipped. */
  nothingNew({ runId, evaluation }: PipelineResult): void {
    for (const step of ['train', 'evaluate', 'publish', 'promote'] as const) {
      this.#set(step, 'skipped', `nothing new since ${runId}`);
    }
    this.#totalEpochs = 0;
    this.scored(evaluation.scores);
  }

  /** Brings the run's page up to date. */
  show(): void {
    setCurrentDetails(runDetails(this.status()));
  }

  /** The run is over. Steps that still ran go down with it. */
  end(state: 'completed' | 'failed' | 'cancelled', summary = ''): void {
    this.#state = state;
    for (const { step, ...at } of this.#steps) {
      if (at.state === 'running') this.#set(step, 'failed', 'stopped with the run');
      if (at.state === 'failed' && at.summary === '') this.#set(step, 'failed', summary);
    }
    this.show();
  }

  #set(step: PipelineStep, state: Step['state'], summary: string): void {
    this.#steps[pipelineStepSchema.options.indexOf(step)] = { step, state, summary };
    this.show();
  }
}
