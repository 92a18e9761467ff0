/**
 * An oracle that cannot fail is worthless: each of them is shown a sound run, and then one planted violation of
 * what it watches over.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { sameFinalState, type FinalState } from '../../chaos/oracles/final-state.ts';
import {
  secretsInFiles,
  secretsInHeartbeats,
  secretsInHistories,
  secretsInStore,
} from '../../chaos/oracles/leaked-secrets.ts';
import { onePublication } from '../../chaos/oracles/one-publication.ts';
import { leftovers, orphans } from '../../chaos/oracles/orphans.ts';
import { indexStore, type StoreIndex } from '../../chaos/oracles/store-index.ts';
import { leakedUploads } from '../../chaos/oracles/uploads.ts';
import { wholeObjects } from '../../chaos/oracles/whole-objects.ts';
import { allowedSteps, workLost, type Pace } from '../../chaos/oracles/work-lost.ts';
import { MARK_VARIABLE } from '../../chaos/processes.ts';
import { plantSecrets, type PlantedSecret } from '../../chaos/secrets.ts';
import { NO_LOSSES } from '../../maskrcnn/training/loss-values.ts';
import type { EpochResult, PipelineResult } from '../../contracts/progress.ts';
import { scores } from '../storage/registry-fixtures.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { startTestTemporal, type TestTemporal } from '../support/temporal-server.ts';
import { beatingActivity } from './fixtures/beating-activity.ts';
import { publishedRun, RUN } from './fixtures/published-run.ts';

const told = (found: readonly { readonly what: string }[]) => found.map(({ what }) => what);

describe('the objects of a run', () => {
  const test = withTestStore();
  const planted = plantSecrets();
  const secrets = Object.values<PlantedSecret>({ ...planted });
  let result: PipelineResult;
  const index = (): Promise<StoreIndex> => indexStore(test().store, [''], secrets);
  const judge = async () => {
    const all = await index();
    const publication = { model: RUN.model, alias: RUN.alias, result };
    return told([
      ...wholeObjects(all),
      ...secretsInStore(all),
      ...onePublication(all, publication),
      ...(await leakedUploads(test().store, ['runs/'])),
    ]);
  };
  /** Puts the object aside while it is judged otherwise. */
  const judgeWith = async (key: string, body: Uint8Array | string | undefined) => {
    const { store } = test();
    const info = await store.head(key);
    const before = info === undefined ? undefined : await store.get(key);
    if (body === undefined) await store.delete(key);
    else await store.put(key, body);
    const found = await judge();
    if (before === undefined) await store.delete(key);
    else await store.put(key, before);
    return found;
  };

  beforeAll(async () => {
    result = await publishedRun(test().store);
  });

  it('are sound as they were written', async () => {
    expect(await judge()).toEqual([]);
  });

  it('a file that a manifest names is missing, cut off, or another', async () => {
    const { weights } = RUN.keys;
    expect(await judgeWith(weights, undefined)).toEqual([
      expect.stringMatching(/checkpoints.*manifest\.json names .*weights\.h5, which is not there/),
    ]);
    expect(await judgeWith(weights, 'weight')).toEqual([
      expect.stringMatching(/has 6 instead of 7 bytes/),
    ]);
    expect(await judgeWith(weights, 'WEIGHTS')).toEqual([
      expect.stringMatching(/has another SHA-256/),
    ]);
  });

  it('a document that is cut off, that no schema takes, or that nobody knows', async () => {
    const { manifest } = RUN.keys;
    const text = Buffer.from(await test().store.get(manifest)).toString();
    expect(await judgeWith(manifest, text.slice(0, 100))).toEqual([
      expect.stringMatching(/is no document that is known/),
    ]);
    expect(await judgeWith(manifest, text.replace('"epoch":1', '"epoch":-1'))).toEqual([
      expect.stringMatching(/has a wrong epoch/),
    ]);
    expect(await judgeWith('runs/r/strange.json', '{"kind":"strange"}')).toHaveLength(1);
  });

  it('an entry of an archive whose CRC is another', async () => {
    const entry = { path: 'a.png', key: 'datasets/d/raw/a/files/a.png', bytes: 3, crc32: 1 };
    await test().store.put(entry.key, 'abc');
    const archive = { key: 'datasets/d/archives/a.zip', bytes: 3, sha256: '0'.repeat(64) };
    const raw = { kind: 'raw', archive, entries: [entry] };
    expect(await judgeWith('datasets/d/raw/a/manifest.json', JSON.stringify(raw))).toEqual([
      expect.stringMatching(/a\.zip, which is not there/),
      expect.stringMatching(/a\.png, which has another CRC-32/),
    ]);
    await test().store.delete(entry.key);
  });

  it('a second version of the same run, and an alias that names another or is gone', async () => {
    const { store } = test();
    const version = JSON.parse(Buffer.from(await store.get(RUN.keys.version)).toString()) as object;
    const second = JSON.stringify({ ...version, version: 2 });
    expect(await judgeWith(`models/${RUN.model}/versions/2/manifest.json`, second)).toEqual([
      expect.stringMatching(/2 published versions \(1, 2\), not 1/),
    ]);
    expect(await judgeWith(RUN.keys.version, undefined)).toEqual([
      expect.stringMatching(/0 published versions/),
    ]);
    const alias = JSON.parse(Buffer.from(await store.get(RUN.keys.alias)).toString()) as object;
    const other = JSON.stringify({ ...alias, version: 7 });
    expect(await judgeWith(RUN.keys.alias, other)).toEqual([
      expect.stringMatching(/names version 7, not 1/),
    ]);
    const wrong = JSON.stringify({ ...alias, scores: scores(0.1) });
    expect(await judgeWith(RUN.keys.alias, wrong)).toEqual([expect.stringMatching(/other scores/)]);
    expect(await judgeWith(RUN.keys.alias, undefined)).toEqual([
      expect.stringMatching(/is not there/),
    ]);
  });

  it('a secret in an object, plain or in base64, and in a key', async () => {
    const { value } = planted.storeKey;
    const encoded = Buffer.from(`some text ${value} and more`).toString('base64');
    for (const body of [`{${value}}`, encoded]) {
      expect(await judgeWith('runs/r/events/log.txt', body)).toEqual([
        expect.stringMatching(/AWS_SECRET_ACCESS_KEY is in the object runs\/r\/events\/log\.txt/),
      ]);
    }
    expect(await judgeWith(`runs/r/${value}`, 'x')).toHaveLength(1);
  });

  it('a multipart upload that was begun and never finished', async () => {
    const { CreateMultipartUploadCommand, S3Client } = await import('@aws-sdk/client-s3');
    const { endpoint, region, credentials, bucket } = test().server;
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const key = 'runs/r/checkpoints/cut';
    const { UploadId = '' } = await client.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }),
    );
    expect(await judge()).toEqual([`an upload to ${key} was never finished`]);
    await test().store.abortUpload({ key, uploadId: UploadId });
    client.destroy();
  });
});

describe('the final state', () => {
  const all = { ...NO_LOSSES, total: 1 };
  const reference: FinalState = {
    files: { weights: 'a', optimizer: 'b', averages: 'c' },
    losses: [{ stage: 'heads', epoch: 1, training: all, validation: null }],
    scores: scores(0.5),
  };

  it('is the same', () => {
    expect(sameFinalState(reference, structuredClone(reference))).toEqual([]);
  });

  it.each<[string, FinalState]>([
    ['weights', { ...reference, files: { ...reference.files, weights: 'x' } }],
    ['no averages', { ...reference, files: { ...reference.files, averages: undefined } }],
    ['epochs', { ...reference, losses: [] }],
    ['scores', { ...reference, scores: scores(0.6) }],
    [
      'a loss in its last digit',
      {
        ...reference,
        losses: [
          {
            stage: 'heads',
            epoch: 1,
            validation: null,
            training: { ...all, total: 1 + Number.EPSILON },
          },
        ],
      },
    ],
  ])('differs in %s', (_, run) => {
    expect(sameFinalState(reference, run)).not.toEqual([]);
  });
});

describe('the work lost', () => {
  const pace: Pace = {
    stepsPerEpoch: 100,
    checkpointSeconds: 2,
    saveSeconds: 4,
    stepsPerSecond: 4,
  };
  const epoch = (number: number, stepsRedone?: number) =>
    ({ epoch: number, ...(stepsRedone === undefined ? {} : { stepsRedone }) }) as EpochResult;

  it('is no more than what was stated', () => {
    const allowed = new Map([[1, allowedSteps('interval', pace)]]);
    expect(allowed.get(1)).toBe(40);
    expect(workLost([epoch(1, 40), epoch(2)], allowed)).toEqual([]);
    expect(told(workLost([epoch(1, 41), epoch(2)], allowed))).toEqual([
      'epoch 1 did 41 steps again, and 40 were allowed',
    ]);
  });

  it('is nothing after a farewell, or in an epoch that nothing struck', () => {
    expect(allowedSteps('nothing', pace)).toBe(0);
    expect(workLost([epoch(1), epoch(2, 1)], new Map([[1, 40]]))).toHaveLength(1);
  });
});

describe('processes', () => {
  it('are found when nobody looks after them', async () => {
    const mark = `orphans-${process.pid}`;
    const environment = { ...process.env, [MARK_VARIABLE]: mark };
    const child = spawn('sleep', ['60'], { env: environment });
    await once(child, 'spawn');
    expect(await orphans(mark)).toEqual([]);

    // Its parent ends at once, and it goes on.
    const parent = spawn('sh', ['-c', 'sleep 61 & echo $!'], { env: environment });
    const [[line]] = (await Promise.all([once(parent.stdout, 'data'), once(parent, 'exit')])) as [
      [Buffer],
      unknown,
    ];
    const orphan = Number(line.toString());
    expect(told(await orphans(mark))).toEqual([
      expect.stringMatching(`process ${orphan} has no parent: sleep 61`),
    ]);
    expect(await leftovers(mark)).toHaveLength(2);
    process.kill(orphan);
    child.kill();
    await once(child, 'exit');
    expect(await leftovers(mark)).toEqual([]);
  });
});

describe('secrets', () => {
  const planted = plantSecrets();
  const secrets = Object.values<PlantedSecret>({ ...planted });

  it('are found in logs', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder.path, 'logs'));
    const path = join(folder.path, 'logs', 'worker.log');
    writeFileSync(path, '{"msg":"ready"}\n');
    expect(await secretsInFiles([path], secrets)).toEqual([]);
    writeFileSync(path, `{"msg":"env","token":"${planted.token.value}"}\n`);
    expect(told(await secretsInFiles([path], secrets))).toEqual([
      `LESIONFLOW_CHAOS_TOKEN is in the file ${path}`,
    ]);
    await folder.remove();
  });

  describe('in Temporal', () => {
    let temporal: TestTemporal;
    let client: Client;
    beforeAll(async () => {
      temporal = await startTestTemporal();
      const connection = await Connection.connect({ address: temporal.address });
      client = new Client({ connection, namespace: temporal.namespace });
    });
    afterAll(async () => {
      await client.connection.close();
      await temporal.stop();
    });

    it('are found in a history, whose payloads are bytes', async () => {
      const start = (workflowId: string, url: string) =>
        client.workflow.start('any', { taskQueue: 'none', workflowId, args: [{ nested: [url] }] });
      await start('sound', 'https://host/archive.zip');
      await start('leaky', `https://host/archive.zip?token=${planted.temporalKey.value}`);
      expect(await secretsInHistories(client, ['sound', 'never-started'], secrets)).toEqual([]);
      expect(told(await secretsInHistories(client, ['sound', 'leaky'], secrets))).toEqual([
        'TEMPORAL_API_KEY is in the history of leaky',
      ]);
    });

    it('are found in the heartbeat of an activity that runs', async () => {
      const details = (note: string) => ({ done: 1, total: 2, unit: 'steps', note });
      await using beating = await beatingActivity(client, details('ready'));
      expect(await secretsInHeartbeats(client, [beating.workflowId], secrets)).toEqual([]);
      await beating.beat(details(`cannot open ${planted.storeKey.value}`));
      expect(told(await secretsInHeartbeats(client, [beating.workflowId], secrets))).toEqual([
        `AWS_SECRET_ACCESS_KEY is in a heartbeat of ${beating.workflowId}`,
      ]);
    });
  });
});
