/**
 * Saves an epoch's state beside the training. The thread that owns TensorFlow only writes the files, which is a
 * pause of about a second; hashing and uploading are another thread's work.
 *
 * Within the epoch a checkpoint is a convenience: when one cannot be saved, training goes on, a warning stays,
 * and the next one is tried when it is due. At its end, or when it is told to stop, it must succeed.
 */
import { copyFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LesionFlowError } from '../../contracts/errors.ts';
import type { CheckpointRef } from '../../contracts/references.ts';
import { log } from '../log.ts';
import type { Measure } from '../measures.ts';
import type { TaskOf } from '../protocol.ts';
import type { EpochAccount } from '../tasks/epoch-account.ts';
import type { EpochEvents } from '../tasks/epoch-events.ts';
import type { StartedEpoch } from '../tasks/epoch-start.ts';
import type { CheckpointUploader } from './checkpoint-uploader.ts';
import type { EpochHashes } from './epoch-hashes.ts';
import type { UploadJob } from './messages.ts';
import { writeState } from './write-state.ts';

export interface EpochSaverOptions {
  readonly task: TaskOf<'train-epoch'>;
  readonly started: StartedEpoch;
  readonly hashes: EpochHashes;
  readonly events: EpochEvents;
  /** Of the task's own. */
  readonly folder: string;
  readonly uploader: Pick<CheckpointUploader, 'upload'>;
  /** Aborted when the task is to stop: there is no time then for a store that is away. */
  readonly signal: AbortSignal;
  /** Hears of what takes time while nothing else happens. */
  readonly onNote: (note: string) => void;
  readonly onMeasure: (measure: Measure) => void;
  /** Milliseconds, for tests. */
  readonly now?: () => number;
}

/** A checkpoint whose files are written and on their way. In an object, since `await` would wait for it. */
export interface CheckpointUnderWay {
  readonly saved: Promise<CheckpointRef>;
}

/** A checkpoint's files, ready to be uploaded. */
interface Written {
  readonly job: UploadJob;
  readonly pauseSeconds: number;
  readonly bytes: number;
}

/** Checkpoints that the next attempt is told of: one that is sound is enough. */
const KEPT = 3;

/**
 * A checkpoint is deleted so long after it fell off the list: by then the server has heard of newer ones. (Beats
 * are held back by up to 3 s.)
 */
const HEARD_MS = 10_000;

/** Seconds between tries to save the epoch's end: a restart of the store must not cost the epoch. */
const PATIENCE_SECONDS = [2, 5, 10, 20, 30];

export class EpochSaver {
  readonly #options: EpochSaverOptions;
  readonly #now: () => number;
  /** Newest first. */
  #checkpoints: readonly CheckpointRef[];
  /** Of this attempt, and off the list. */
  #superseded: { readonly checkpoint: CheckpointRef; readonly since: number }[] = [];
  readonly #own = new Set<CheckpointRef>();
  #underWay:
    { readonly step: number; readonly end: Promise<CheckpointRef | undefined> } | undefined;
  #lastSave: number;
  #saves = 0;
  #failures: { readonly count: number; readonly step: number; readonly reason: string } | undefined;

  constructor(options: EpochSaverOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#checkpoints = options.started.checkpoints.slice(0, KEPT);
    this.#lastSave = this.#now();
  }

  /** From which the next attempt may go on, newest first. */
  get checkpoints(): readonly CheckpointRef[] {
    return this.#checkpoints;
  }

  /** What went wrong on the way, for people; one line however often it did. */
  get warnings(): readonly string[] {
    if (this.#failures === undefined) return [];
    const { count, step, reason } = this.#failures;
    const times = count === 1 ? 'once' : `${String(count)} times`;
    return [
      `A checkpoint within the epoch could not be saved (${times}, last at step ${String(step)}): ${reason}`,
    ];
  }

  /**
   * Call it after each step. When a checkpoint is due and none is under way it returns when its files are
   * written. Throws only what the model itself throws.
   */
  async saveIfDue(account: EpochAccount): Promise<void> {
    const { config, checkpoints } = this.#options.task.input;
    const waited = this.#now() - this.#lastSave;
    const isDue = checkpoints.everySeconds > 0 && waited >= checkpoints.everySeconds * 1000;
    if (!isDue || this.#underWay !== undefined || account.stepsDone === config.stepsPerEpoch)
      return;
    this.#options.started.model.engine.sync();
    try {
      const written = await this.#write(account);
      const saved = this.#upload(written, () => undefined).finally(() => removeFiles(written));
      this.#track(account.stepsDone, saved);
    } catch (error) {
      this.#failed(account.stepsDone, error);
    }
    this.#lastSave = this.#now();
  }

  /**
   * Saves the state as it is now, unless it is saved already. Returns when the files are written: what follows
   * may change the model. Tries a store that is away for about a minute, unless the task is to stop.
   */
  async save(account: EpochAccount): Promise<CheckpointUnderWay> {
    const before = this.#underWay;
    const already = before?.step === account.stepsDone ? await before.end : this.#checkpoints[0];
    if (already?.stepInEpoch === account.stepsDone) return { saved: Promise.resolve(already) };
    this.#options.started.model.engine.sync();
    const written = await this.#write(account);
    const saved = (async () => {
      await before?.end;
      return this.#uploadPatiently(written).finally(() => removeFiles(written));
    })();
    this.#track(account.stepsDone, saved);
    return { saved };
  }

  /** Writes the files; the model's variables must have their values. */
  async #write(account: EpochAccount): Promise<Written> {
    const { task, started, hashes, events, folder } = this.#options;
    const { input, attempt } = task;
    const { runId, config, epoch, best } = input;
    const began = performance.now();
    const own = join(folder, `checkpoint-${String(this.#saves++)}`);
    try {
      const paths = await writeState(started.model, config, own);
      const step = started.stepsBefore + account.stepsDone;
      const pauseSeconds = (performance.now() - began) / 1000;
      events.writer.scalar('checkpoint-pause-seconds', pauseSeconds, step);
      // A copy: the next step's points are for the next checkpoint.
      const eventsPath = join(own, basename(events.path));
      await copyFile(events.path, eventsPath);
      const job: UploadJob = {
        checkpoint: {
          ...{
            runId,
            stage: input.stage.name,
            epoch,
            stepInEpoch: account.stepsDone,
            step,
            attempt,
          },
          ...{ config, lossSums: account.lossSums, best, hashes },
          ...paths,
        },
        events: { key: events.key, path: eventsPath },
        obsolete: this.#obsolete(),
      };
      return { job, pauseSeconds, bytes: await bytesOf(Object.values(paths)) };
    } catch (error) {
      await rm(own, { recursive: true, force: true });
      throw error;
    }
  }

  async #upload(
    { job, pauseSeconds, bytes }: Written,
    onBytes: (bytes: number) => void,
  ): Promise<CheckpointRef> {
    const began = performance.now();
    const checkpoint = await this.#options.uploader.upload(job, onBytes);
    const costs = { pauseSeconds, uploadSeconds: (performance.now() - began) / 1000, bytes };
    this.#options.onMeasure({ kind: 'checkpoint', ...costs });
    const { epoch, stepInEpoch } = checkpoint;
    log.info({ epoch, stepInEpoch, ...costs }, 'A checkpoint is saved');
    this.#own.add(checkpoint);
    const all = [checkpoint, ...this.#checkpoints];
    this.#checkpoints = all.slice(0, KEPT);
    const since = this.#now();
    for (const old of all.slice(KEPT)) {
      if (this.#own.delete(old)) this.#superseded.push({ checkpoint: old, since });
    }
    return checkpoint;
  }

  async #uploadPatiently(written: Written): Promise<CheckpointRef> {
    const { signal, onNote } = this.#options;
    const onBytes = (bytes: number) =>
      onNote(`uploading the checkpoint: ${(bytes / 1e6).toFixed(0)} MB`);
    for (const seconds of PATIENCE_SECONDS) {
      try {
        return await this.#upload(written, onBytes);
      } catch (error) {
        const isPassing = error instanceof LesionFlowError && error.retryable;
        if (signal.aborted || !isPassing) throw error;
        onNote(`the checkpoint could not be saved, trying again: ${error.message}`);
        await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
      }
    }
    return this.#upload(written, onBytes);
  }

  /** Remembers what is under way; whether its failure matters is said by who waits for it. */
  #track(step: number, saved: Promise<CheckpointRef>): void {
    const end = saved.catch((error: unknown) => {
      this.#failed(step, error);
      return undefined;
    });
    const underWay = { step, end };
    this.#underWay = underWay;
    void end.then(() => {
      if (this.#underWay === underWay) this.#underWay = undefined;
    });
  }

  #failed(step: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#failures = { count: (this.#failures?.count ?? 0) + 1, step, reason };
    this.#options.onMeasure({ kind: 'checkpoint-failed' });
    log.warn({ stepInEpoch: step }, `A checkpoint could not be saved: ${reason}`);
  }

  #obsolete(): CheckpointRef[] {
    const before = this.#now() - HEARD_MS;
    const old = this.#superseded.filter(({ since }) => since <= before);
    this.#superseded = this.#superseded.filter(({ since }) => since > before);
    return old.map(({ checkpoint }) => checkpoint);
  }
}

function removeFiles({ job }: Written): Promise<void> {
  return rm(dirname(job.checkpoint.weightsPath), { recursive: true, force: true });
}

async function bytesOf(paths: readonly (string | null)[]): Promise<number> {
  const sizes = paths.map(async (path) => (path === null ? 0 : (await stat(path)).size));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
