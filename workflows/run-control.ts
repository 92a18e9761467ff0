/**
 * What was asked of a run, and what that comes to: may it go on, which epochs does each stage have, what are
 * the orders of the stage under way. Plain state without Temporal; control-handlers.ts is its door.
 */
import type { ExtendRequest, StopEarlyRequest } from '../contracts/control.ts';
import type { Stage } from '../contracts/pipeline-input.ts';
import type { StageOrders, StageRest } from './messages.ts';

export interface PlannedStage {
  readonly name: string;
  /** With those that were added. */
  epochs: number;
  state: 'waiting' | 'running' | 'over';
  stop: StageOrders['stop'];
}

export class RunControl {
  #serial = 0;
  #pausedAt: number | undefined;
  #stop: StageOrders['stop'] = 'no';
  #stages: readonly PlannedStage[] = [];
  #wasChanged = false;
  #restedAt = -1;
  /** Tells the orders to the stage that is under way; a stage may be so again after it was over. */
  #tell: (() => void) | undefined;

  /** The recipe's stages, once the input has been read. */
  plan(stages: readonly Stage[]): void {
    this.#stages = stages.map(({ name, epochs }) => ({
      name,
      epochs,
      state: 'waiting',
      stop: 'no',
    }));
  }

  get stages(): readonly PlannedStage[] {
    return this.#stages;
  }

  get isPaused(): boolean {
    return this.#pausedAt !== undefined;
  }

  /** Is no more training wanted at all? */
  get endsTraining(): boolean {
    return this.#stop !== 'no';
  }

  /** Does the run come to something else than its input says? */
  get wasChanged(): boolean {
    return this.#wasChanged;
  }

  /** Does no stage work, though the training is not over? */
  get stageRests(): boolean {
    return this.#tell === undefined || (this.#pausedAt ?? Infinity) <= this.#restedAt;
  }

  stageNamed(name: string): PlannedStage | undefined {
    return this.#stages.find((stage) => stage.name === name);
  }

  get #underWay(): PlannedStage | undefined {
    return this.#stages.find(({ state }) => state === 'running');
  }

  get hasTrainingBegun(): boolean {
    return this.#stages.some(({ state }) => state !== 'waiting');
  }

  get isTrainingOver(): boolean {
    return this.#stages.every(({ state }) => state === 'over');
  }

  ordersFor({ epochs, state, stop }: PlannedStage): StageOrders {
    const { isPaused } = this;
    // A stage that is over and runs again does so to mend a checkpoint: whatever ended it has had its effect.
    const stopNow = state === 'over' ? 'no' : stronger(stop, this.#stop);
    return { serial: this.#serial, isPaused, stop: stopNow, epochs };
  }

  /** From now on `tell` is called at every change, until the returned function is. */
  onChange(tell: () => void): () => void {
    this.#tell = tell;
    return () => (this.#tell = undefined);
  }

  stageRested({ serial }: StageRest): void {
    this.#restedAt = Math.max(this.#restedAt, serial);
  }

  /** What was not begun when the training ended is over too. */
  endTraining(): void {
    for (const stage of this.#stages) stage.state = 'over';
  }

  pause(): void {
    this.#serial++;
    this.#pausedAt = this.#serial;
    this.#tell?.();
  }

  resume(): void {
    this.#pausedAt = undefined;
    this.#change();
  }

  stopEarly({ now, stage }: StopEarlyRequest): void {
    const stop = now ? 'now' : 'after-epoch';
    const only = stage === undefined ? undefined : this.stageNamed(stage);
    if (only === undefined) this.#stop = stronger(this.#stop, stop);
    else only.stop = stronger(only.stop, stop);
    this.#wasChanged = true;
    this.#change();
  }

  /** The one that is named, else the one under way, else the last. Throws `RangeError` for an unknown name. */
  stageToExtend({ stage: name }: Pick<ExtendRequest, 'stage'>): PlannedStage {
    const stage =
      name === undefined ? (this.#underWay ?? this.#stages.at(-1)) : this.stageNamed(name);
    if (stage === undefined) throw new RangeError(`no stage ${name ?? 'at all'}`);
    return stage;
  }

  extend(stage: PlannedStage, epochs: number): void {
    stage.epochs += epochs;
    this.#wasChanged = true;
    this.#change();
  }

  #change(): void {
    this.#serial++;
    this.#tell?.();
  }
}

const STRENGTH = { no: 0, 'after-epoch': 1, now: 2 } as const;

const stronger = (a: StageOrders['stop'], b: StageOrders['stop']): StageOrders['stop'] =>
  STRENGTH[a] > STRENGTH[b] ? a : b;
