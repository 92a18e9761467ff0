/** When a checkpoint is due, what becomes of one that fails, and which are deleted. A model of one weight, and time that we tell. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { CheckpointRef } from '../../contracts/references.ts';
import { StoreRefusedError, StoreUnreachableError } from '../../storage/errors.ts';
import { EpochSaver } from '../../trainer/checkpoints/epoch-saver.ts';
import type { UploadJob } from '../../trainer/checkpoints/messages.ts';
import { epochAccount, type EpochAccount } from '../../trainer/tasks/epoch-account.ts';
import { openEvents, type EpochEvents } from '../../trainer/tasks/epoch-events.ts';
import type { EpochModel } from '../../trainer/warm-model.ts';
import { NO_LOSSES } from '../../maskrcnn/training/loss-values.ts';
import { eventually } from '../workflows/support/runs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { epochTask } from './fixtures/epoch-task.ts';

const hash = 'b'.repeat(64);
const task = (() => {
  const plain = epochTask('run');
  const checkpoints = { everySeconds: 120, keepEpochs: 3 };
  return { ...plain, input: { ...plain.input, checkpoints } };
})();

/** An uploader whose uploads end when the test says so. */
class HeldUploads {
  readonly jobs: UploadJob[] = [];
  readonly #ends: { readonly job: UploadJob; readonly end: (error?: Error) => void }[] = [];

  upload(job: UploadJob): Promise<CheckpointRef> {
    this.jobs.push(job);
    const { stage, epoch, stepInEpoch } = job.checkpoint;
    const manifestKey = `at-${String(stepInEpoch)}`;
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => {
        if (error === undefined) resolve({ manifestKey, hash, stage, epoch, stepInEpoch });
        else reject(error);
      };
      this.#ends.push({ job, end });
    });
  }

  get underWay(): number {
    return this.#ends.length;
  }

  /** Ends the oldest, and waits until its files are gone: the saver is then done with it. */
  async end(error?: Error): Promise<void> {
    const { weightsPath } = this.endOnly(error).checkpoint;
    await eventually(() => Promise.resolve(!existsSync(dirname(weightsPath))));
  }

  endOnly(error?: Error): UploadJob {
    const oldest = this.#ends.shift();
    if (oldest === undefined) throw new Error('no upload is under way');
    oldest.end(error);
    return oldest.job;
  }
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let events: EpochEvents;
let uploads: HeldUploads;
let saver: EpochSaver;
let account: EpochAccount;
let seconds: number;

beforeEach(async () => {
  folder = await temporaryFolder();
  events = openEvents(task, folder.path);
  uploads = new HeldUploads();
  seconds = 0;
  account = epochAccount({ steps: task.input.config.stepsPerEpoch, batchSize: 1 });
  const spec = { name: 'conv1/kernel', shape: [1], topLevelLayer: 'conv1' };
  const value = { dataSync: () => Float32Array.of(1) };
  const slots = new Map([[spec.name, value]]);
  const engine = { sync: () => undefined, trainable: [spec], slots };
  const parameters = { specs: [spec], get: () => value };
  saver = new EpochSaver({
    task,
    started: {
      model: { parameters, engine } as unknown as EpochModel,
      batches: undefined as never,
      stepsBefore: 0,
      done: { steps: 0, lossSums: NO_LOSSES },
      checkpoints: [],
      warnings: [],
    },
    hashes: { recipe: hash, data: hash, code: hash },
    events,
    folder: folder.path,
    uploader: uploads,
    signal: new AbortController().signal,
    onNote: () => undefined,
    onMeasure: () => undefined,
    now: () => seconds * 1000,
  });
});
afterEach(async () => {
  events[Symbol.dispose]();
  await folder.remove();
});

/** A step that ends `after` seconds later. */
async function step(after: number): Promise<void> {
  seconds += after;
  account.finishStep(NO_LOSSES);
  await saver.saveIfDue(account);
}

const places = () => saver.checkpoints.map(({ stepInEpoch }) => stepInEpoch);

describe('a checkpoint within the epoch', () => {
  test('is saved as time passes, one at a time, and leaves no files behind', async () => {
    await step(119);
    expect(uploads.jobs).toHaveLength(0);
    await step(1);
    expect(uploads.jobs).toHaveLength(1);
    expect(places()).toEqual([]);
    // Due again, and not begun before the other is up.
    await step(130);
    expect(uploads.jobs).toHaveLength(1);
    await uploads.end();
    expect(places()).toEqual([2]);
    await step(1);
    expect(uploads.jobs).toHaveLength(2);
    await uploads.end();
    expect(places()).toEqual([4, 2]);
    expect((await readdir(folder.path)).filter((name) => name.startsWith('checkpoint'))).toEqual(
      [],
    );
  });

  test('that cannot be saved is a warning, and the next one is tried', async () => {
    const away = new StoreUnreachableError({ endpoint: 'http://store', reason: 'ECONNREFUSED' });
    for (let n = 0; n < 2; n++) {
      await step(120);
      await uploads.end(away);
    }
    await step(120);
    await uploads.end();
    expect(places()).toEqual([3]);
    expect(saver.warnings).toEqual([
      expect.stringMatching(/2 times, last at step 2.*http:\/\/store/),
    ]);
  });

  test('is deleted when three newer ones have been known for a while, not before', async () => {
    for (let n = 0; n < 5; n++) {
      await step(120);
      await uploads.end();
    }
    expect(places()).toEqual([5, 4, 3]);
    const deleted = uploads.jobs.map(({ obsolete }) =>
      obsolete.map(({ stepInEpoch }) => stepInEpoch),
    );
    // The first fell off the list when the fourth was up; the server hears of that within seconds.
    expect(deleted).toEqual([[], [], [], [], [1]]);
  });
});

describe('the end of the steps', () => {
  test('waits for the upload under way, then saves', async () => {
    await step(120);
    account.finishStep(NO_LOSSES);
    const { saved } = await saver.save(account);
    expect(uploads.underWay).toBe(1);
    await uploads.end();
    expect(uploads.jobs).toHaveLength(2);
    await uploads.end();
    expect((await saved).stepInEpoch).toBe(2);
    expect(places()).toEqual([2, 1]);
  });

  test('is not saved twice', async () => {
    await step(120);
    const saving = saver.save(account);
    await uploads.end();
    expect((await (await saving).saved).manifestKey).toBe('at-1');
    expect((await (await saver.save(account)).saved).manifestKey).toBe('at-1');
    expect(uploads.jobs).toHaveLength(1);
  });

  test('is tried again while the store is away, and fails at once where that cannot help', async () => {
    account.finishStep(NO_LOSSES);
    const { saved } = await saver.save(account);
    uploads.endOnly(new StoreUnreachableError({ endpoint: 's', reason: 'ECONNREFUSED' }));
    await eventually(() => Promise.resolve(uploads.jobs.length === 2));
    const refused = new StoreRefusedError({ endpoint: 's', bucket: 'b', reason: '403' });
    const failure = expect(saved).rejects.toBe(refused);
    await uploads.end(refused);
    await failure;
  });
});
