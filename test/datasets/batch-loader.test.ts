/** Batches made by threads: the same bits as in one thread, in order, bounded, and with an end to everything. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { augment } from '../../augmentation/augment.ts';
import { augmentationSchema } from '../../augmentation/schema.ts';
import type { RecordsManifest } from '../../contracts/manifests.ts';
import type { RecordsRef } from '../../contracts/references.ts';
import { BatchLoader, type BatchLoaderOptions } from '../../datasets/loader/batch-loader.ts';
import {
  trainingRecipes,
  validationRecipes,
  type BatchRecipe,
} from '../../datasets/loader/batch-recipe.ts';
import type { BatchSource, ThreadData } from '../../datasets/loader/messages.ts';
import { buffersOf } from '../../datasets/loader/serve-batches.ts';
import { openRecords, type RecordSet } from '../../datasets/record-set.ts';
import { encodeRecord } from '../../datasets/records/record.ts';
import { encodeShard } from '../../datasets/records/shard.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { epochBatches } from '../../maskrcnn/data/epoch-order.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import { buildBatch, type TrainBatch } from '../../maskrcnn/training/batch.ts';
import { sha256, writeDocument } from '../../storage/documents.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';

const server = withTestStore();
const config = maskRcnnConfigSchema.parse({
  imageMinDim: 64,
  imageMaxDim: 64,
  rpnAnchorScales: [8, 16, 32, 48, 64],
  rpnTrainAnchorsPerImage: 32,
  postNmsRoisTraining: 50,
  maxGtInstances: 2,
});
const augmentation = augmentationSchema.parse('recipe');
const SIDE = 64;
const COUNT = 7;
/** The data of this one does not decode, though its shard is whole. */
const DAMAGED = 'damaged';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let records: RecordsRef;
let set: RecordSet;
let ids: readonly string[];

beforeAll(async () => {
  folder = await temporaryFolder();
  records = await storeRecords();
  set = await openRecords({
    store: server().store,
    records,
    cacheFolder: join(folder.path, 'own'),
  });
  ids = set.ids.filter((id) => id !== DAMAGED);
});
afterAll(async () => {
  await set.close();
  await folder.remove();
});

/** Noise with a square lesion each, in shards of two; then one that is damaged. */
async function storeRecords(): Promise<RecordsRef> {
  const { store } = server();
  const names = [...Array.from({ length: COUNT }, (_, i) => `image-${String(i)}`), DAMAGED];
  const encoded = await Promise.all(
    names.map(async (id, n) => {
      const random = randomStream(5, id);
      const pixels = Uint8Array.from({ length: SIDE * SIDE * 3 }, () => random.below(256));
      const mask = Uint8Array.from({ length: SIDE * SIDE }, (_, at) =>
        Number(at % SIDE > 10 + n && at % SIDE < 40 && at > 12 * SIDE && at < 45 * SIDE),
      );
      const record = await encodeRecord({
        id,
        height: SIDE,
        width: SIDE,
        pixels,
        window: [0, 0, SIDE, SIDE],
        originalSize: [SIDE, SIDE],
        scale: 1,
        instances: [{ classId: 1, mask }],
      });
      if (id === DAMAGED) record.data.fill(0, 20, 4000);
      return record;
    }),
  );
  const shards: RecordsManifest['shards'] = [];
  for (let i = 0; i < encoded.length; i += 2) {
    const pair = encoded.slice(i, i + 2);
    const body = encodeShard(pair);
    const key = `shards/${String(i)}`;
    await store.put(key, body);
    const shardIds = pair.map(({ header }) => header.id);
    shards.push({ key, bytes: body.length, sha256: sha256(body), ids: shardIds });
  }
  const dataset = {
    name: 'noise',
    manifestKey: 'd',
    hash: 'a'.repeat(64),
    pairs: 8,
    quarantined: 0,
  };
  const manifest: RecordsManifest = { kind: 'records', dataset, size: SIDE, shards };
  const { hash } = await writeDocument(store, 'records.json', manifest);
  return { manifestKey: 'records.json', hash, size: SIDE, records: encoded.length };
}

const threadData = (): ThreadData => {
  const { store, server: s3 } = server();
  const { endpoint, region, credentials } = s3;
  return {
    store: { endpoint, region, credentials, bucket: store.bucket },
    cacheFolder: join(folder.path, 'threads'),
  };
};
const startLoader = (options: Partial<BatchLoaderOptions> = {}) =>
  new BatchLoader({ ...threadData(), ...options });

async function collect(batches: AsyncIterable<TrainBatch>): Promise<TrainBatch[]> {
  const all: TrainBatch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** As one thread would do it, step by step: which image, which stream of random numbers. */
async function trainingInOneThread(
  source: BatchSource,
  { epoch, batches, batchSize }: { epoch: number; batches: number; batchSize: number },
): Promise<TrainBatch[]> {
  const seed = 11;
  const all: TrainBatch[] = [];
  for (const step of epochBatches(ids, { seed, epoch, steps: batches, batchSize })) {
    const images = await Promise.all(
      step.map(async (id, place) => {
        const image = await set.read(id);
        const pass = Math.floor((all.length * batchSize + place) / ids.length);
        if (source.augmentation === null) return image;
        const random = randomStream(seed, 'augment', epoch, pass, id);
        return augment(image, source.augmentation, random);
      }),
    );
    all.push(buildBatch(images, source.config, randomStream(seed, 'batch', epoch, all.length)));
  }
  return all;
}

describe('batches of the loader', () => {
  test.each([
    { what: 'augmented', options: {}, augmentation },
    { what: 'with RoIs by chance', options: { useRpnRois: false }, augmentation: null },
  ])('equal those of one thread to the bit: $what', async ({ options, augmentation }) => {
    await using loader = startLoader({ threads: 2, depth: 3 });
    const source = { records, augmentation, config: { ...config, ...options } };
    for (const epoch of [1, 2]) {
      // More batches than pass through the data once.
      const plan = { epoch, batches: 5, batchSize: 2 };
      const recipes = trainingRecipes({ ids, seed: 11, ...plan });
      const made = await collect(loader.batches({ ...source, recipes }));
      expect(made).toHaveLength(5);
      expect(made).toEqual(await trainingInOneThread(source, plan));
    }
  });

  test('of validation are the same after every epoch, and not augmented', async () => {
    await using loader = startLoader({ threads: 1 });
    const recipes = validationRecipes({ ids, seed: 11, batchSize: 2, batches: 2 });
    const source = { records, augmentation, config };
    const [first, again] = [
      await collect(loader.batches({ ...source, recipes })),
      await collect(loader.batches({ ...source, recipes })),
    ];
    const expected: TrainBatch[] = [];
    for (const pair of [ids.slice(0, 2), ids.slice(2, 4)]) {
      const images = await Promise.all(pair.map((id) => set.read(id)));
      expected.push(buildBatch(images, config, randomStream(11, 'validation', expected.length)));
    }
    expect(first).toEqual(expected);
    expect(again).toEqual(expected);
  });

  test('move as whole buffers, and nothing else with them', async () => {
    const image = await set.read(ids[0] ?? '');
    const batch = buildBatch([image], { ...config, useRpnRois: false }, randomStream(1));
    const arrays = Object.values(batch).filter((value) => ArrayBuffer.isView(value));
    expect(arrays).toHaveLength(9);
    expect(buffersOf(batch).map(({ byteLength }) => byteLength)).toEqual(
      arrays.map(({ byteLength }) => byteLength),
    );
  });

  test('throw what a damaged record is, where its batch would be', async () => {
    await using loader = startLoader({ threads: 2 });
    const recipes = trainingRecipes({ ids, seed: 11, epoch: 1, batches: 4, batchSize: 1 });
    const damaged = { images: [{ id: DAMAGED, augmentBy: null }], random: [1] } as const;
    const given = [...recipes.slice(0, 2), damaged, ...recipes.slice(2)];
    const seen: TrainBatch[] = [];
    const read = async () => {
      for await (const batch of loader.batches({ records, config, augmentation, recipes: given })) {
        seen.push(batch);
      }
    };
    await expect(read()).rejects.toMatchObject({
      name: 'DamagedShardError',
      code: 'damaged-shard',
      retryable: false,
      values: { key: 'shards/6', reason: expect.stringContaining(`"${DAMAGED}"`) as unknown },
    });
    expect(seen).toHaveLength(2);
  });

  test('leave no thread and no open shard when their reader stops early', async () => {
    const recipes = trainingRecipes({ ids, seed: 11, epoch: 1, batches: 20, batchSize: 2 });
    const options = { records, config, augmentation, recipes };
    const script = fileURLToPath(new URL('./fixtures/early-stop.ts', import.meta.url));
    // Returns when the process ended by itself: any thread that stays would keep it.
    const { stdout } = await promisify(execFile)('node', [
      '--import',
      'tsx',
      script,
      JSON.stringify({ ...threadData(), options }),
    ]);
    const [reading, ended] = stdout.split('\n').map((line) => JSON.parse(line || '0') as unknown);
    expect(reading).toMatchObject({ read: 2, threads: 2 });
    expect((reading as { readonly shards: number }).shards).toBeGreaterThan(0);
    expect(ended).toEqual({ threads: 0, shards: 0 });
  });
});

describe('the loader with threads that misbehave', () => {
  const entry = fileURLToPath(new URL('./fixtures/scripted-thread.ts', import.meta.url));
  let logs = 0;

  /** A batch of each behaviour, numbered; `made` is the numbers in the order of their making. */
  async function scripted(behaviours: readonly string[], options: Partial<BatchLoaderOptions>) {
    const log = join(folder.path, `log-${String(logs++)}`);
    await writeFile(log, '');
    const loader = startLoader({ entry, ...options });
    const recipes = behaviours.map((id, n): BatchRecipe => {
      return { images: [{ id, augmentBy: null }], random: [n] };
    });
    const source = { records: { ...records, manifestKey: log }, config, augmentation };
    const made = async () => (await readFile(log, 'utf8')).split('\n').slice(0, -1).map(Number);
    return {
      loader,
      made,
      batches: (signal?: AbortSignal) => loader.batches({ ...source, recipes, signal }),
      [Symbol.asyncDispose]: () => loader[Symbol.asyncDispose](),
    };
  }
  const numberOf = ({ roiKeys }: TrainBatch) => roiKeys[0];

  test('makes no more than `depth` batches ahead of its reader', async () => {
    const depth = 3;
    await using script = await scripted(Array<string>(12).fill('quick'), { threads: 2, depth });
    const madeUpTo = async (count: number) => {
      while ((await script.made()).length < count) await sleep(5);
      // What is too much would come now.
      await sleep(100);
      expect(await script.made()).toHaveLength(count);
    };
    const batches = script.batches();
    await madeUpTo(depth);
    let read = 0;
    for await (const batch of batches) {
      expect(numberOf(batch)).toBe(read++);
      await madeUpTo(Math.min(read + depth, 12));
    }
    expect(read).toBe(12);
  });

  test('keeps the order when one thread overtakes another', async () => {
    const behaviours = ['slow', 'quick', 'quick', 'slow', 'quick', 'quick'];
    await using script = await scripted(behaviours, { threads: 2, depth: 4 });
    const batches = await collect(script.batches());
    expect(batches.map(numberOf)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await script.made()).not.toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('carries errors over with their name, code and values', async () => {
    await using typed = await scripted(['failed'], { threads: 1 });
    await expect(collect(typed.batches())).rejects.toMatchObject({
      name: 'LesionFlowError',
      message: 'one picture is odd',
      code: 'odd-picture',
      retryable: false,
      values: { big: 2n, nan: NaN, of: ['a', 1] },
    });
    await using plain = await scripted(['plain'], { threads: 1 });
    await expect(collect(plain.batches())).rejects.toMatchObject({
      name: 'RangeError',
      message: 'nobody knows why',
      code: 'unexpected',
      retryable: true,
    });
  });

  test.each([
    ['exit', { exitCode: 3, reason: 'exit code 3' }],
    ['uncaught', { exitCode: 1, reason: 'nobody catches this' }],
  ])(
    'says that a thread died (%s), and starts another for the next stream',
    async (end, values) => {
      await using script = await scripted(['quick', end, 'quick'], { threads: 1 });
      for (let time = 0; time < 2; time++) {
        const seen: (number | undefined)[] = [];
        const read = async () => {
          for await (const batch of script.batches()) seen.push(numberOf(batch));
        };
        await expect(read()).rejects.toMatchObject({
          name: 'BatchThreadDiedError',
          code: 'batch-thread-died',
          retryable: true,
          values,
        });
        expect(seen).toEqual([0]);
      }
    },
  );

  test('says that its code does not start, and that trying again is in vain', async () => {
    const missing = join(folder.path, 'nowhere.ts');
    await using script = await scripted(['quick'], { threads: 1, entry: missing });
    await expect(collect(script.batches())).rejects.toMatchObject({
      code: 'batch-thread-died',
      retryable: false,
      message: expect.stringContaining('nowhere.ts') as unknown,
    });
  });

  test('lets a reader go who is cancelled while a batch never comes, and ends the thread', async () => {
    const abort = new AbortController();
    await using script = await scripted(['quick', 'forever'], { threads: 1 });
    const reason = new Error('cancelled');
    const read = async () => {
      for await (const batch of script.batches(abort.signal)) {
        expect(numberOf(batch)).toBe(0);
        setTimeout(() => abort.abort(reason), 20);
      }
    };
    await expect(read()).rejects.toBe(reason);
  });

  test('refuses a number of threads that is none', () => {
    expect(() => startLoader({ threads: Number('two') })).toThrow(/"threads" is NaN/);
  });
});

test('the code of a loader thread does not import TensorFlow', async () => {
  const entry = fileURLToPath(new URL('../../datasets/loader/batch-thread.ts', import.meta.url));
  const packages = new Set<string>();
  const files = [entry];
  // The array grows while it is gone through.
  for (const file of files) {
    const source = await readFile(file, 'utf8');
    for (const [, specifier = ''] of source.matchAll(
      /^(?:import|export) (?!type )[^;]*?from '([^']+)';/gms,
    )) {
      if (!specifier.startsWith('.')) packages.add(specifier);
      const path = join(dirname(file), specifier);
      if (specifier.startsWith('.') && existsSync(path) && !files.includes(path)) files.push(path);
    }
  }
  expect([...packages]).toEqual(expect.arrayContaining(['sharp', '@aws-sdk/client-s3']));
  expect(files.some((file) => file.endsWith('maskrcnn/training/rpn-targets.ts'))).toBe(true);
  expect([...packages].filter((name) => name.includes('tensorflow'))).toEqual([]);
});
