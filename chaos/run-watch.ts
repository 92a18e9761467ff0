/** How far a run is, as one sees it from outside: its status and its heartbeats (cli/watch-run.ts). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { ActivityProgress } from '../contracts/progress.ts';
import { isConnectionLoss, snapshotOf, type RunSnapshot } from '../cli/watch-run.ts';

/** Compared from left to right. */
export interface Position {
  /** Steps of the pipeline that are done. */
  readonly steps: number;
  /** Epochs that are done. */
  readonly epochs: number;
  /** Within the epoch under way; validation comes after its training steps. */
  readonly work: number;
}

export interface Sight {
  /** Temporal's word, e.g. RUNNING; STUCK when there was no progress for too long. */
  readonly state: string;
  readonly position: Position;
  /** The run's own words; `undefined` where no data worker answers. */
  readonly status: RunSnapshot['status'];
  readonly failure: string | undefined;
}

export interface RunWatchOptions {
  readonly client: Client;
  readonly runId: string;
  readonly stepsPerEpoch: number;
  readonly imagesPerStep: number;
  /** Called after each look. */
  readonly onLook: () => Promise<void>;
  /** Ends every waiting with its reason. */
  readonly signal: AbortSignal;
}

const POLL_MS = 400;
/** Without progress for so long, a run counts as stuck, in ms. */
const PATIENCE_MS = 6 * 60_000;
const START: Position = { steps: 0, epochs: 0, work: 0 };

export class RunWatch {
  readonly #options: RunWatchOptions;
  #known = START;
  #furthest = START;
  #furthestAt = performance.now();
  #stepsPerSecond = 0;

  constructor(options: RunWatchOptions) {
    this.#options = options;
  }

  /** Where the run was when it was last seen. */
  get position(): Position {
    return this.#known;
  }

  /** Where it is now; where it was, when Temporal does not answer. */
  async look(): Promise<Position> {
    await this.#look();
    return this.#known;
  }

  /** The fastest training that was reported so far. */
  get stepsPerSecond(): number {
    return this.#stepsPerSecond;
  }

  /** Looks until `isSo`, or the run is over or stuck. While Temporal does not answer, it waits. */
  async until(isSo: (sight: Sight) => boolean): Promise<Sight> {
    const { signal, onLook } = this.#options;
    for (;;) {
      const sight = await this.#look();
      if (sight !== undefined && (sight.state !== 'RUNNING' || isSo(sight))) return sight;
      if (performance.now() - this.#furthestAt > PATIENCE_MS) return this.#stuck();
      await onLook();
      await sleep(POLL_MS, undefined, { signal });
    }
  }

  async #look(): Promise<Sight | undefined> {
    const { client, runId } = this.#options;
    try {
      const { state, status, activities, failure } = await snapshotOf(client, runId);
      this.#know(status, activities);
      return { state, status, failure, position: this.#known };
    } catch (error) {
      if (isConnectionLoss(error)) return undefined;
      throw error;
    }
  }

  #know(status: RunSnapshot['status'], activities: RunSnapshot['activities']): void {
    let { steps, epochs } = this.#known;
    if (status !== undefined) {
      steps = status.steps.filter(({ state }) => /^(done|skipped)$/.test(state)).length;
      epochs = status.epochs.done;
    }
    const training = activities.find(({ type }) => type === 'trainEpoch');
    const { imagesPerSecond = 0 } = training?.progress ?? {};
    this.#known = { steps, epochs, work: this.#workOf(training?.progress) };
    this.#stepsPerSecond = Math.max(
      this.#stepsPerSecond,
      imagesPerSecond / this.#options.imagesPerStep,
    );
    if (!isPast(this.#known, this.#furthest)) return;
    this.#furthest = this.#known;
    this.#furthestAt = performance.now();
  }

  #workOf(progress: ActivityProgress | undefined): number {
    if (progress === undefined) return 0;
    const { done, note } = progress;
    if (note === 'validating') return this.#options.stepsPerEpoch + done;
    // With any other note no step was done: it tells how far an earlier attempt was.
    return note === undefined ? done : this.#known.work;
  }

  #stuck(): Sight {
    const failure = `no progress for ${PATIENCE_MS / 60_000} minutes`;
    return { state: 'STUCK', status: undefined, failure, position: this.#known };
  }
}

/** Has a run come further than where it was? */
export function isPast(now: Position, then: Position): boolean {
  if (now.steps !== then.steps) return now.steps > then.steps;
  if (now.epochs !== then.epochs) return now.epochs > then.epochs;
  return now.work > then.work;
}
