/**
 * The server with a real store, a real model in a real process, and real requests: what it answers, what it
 * refuses, and that it goes on through deaths, stalls and new versions.
 */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import sharp from 'sharp';
import { decodeRle, runsArea, runsIntersection, maskToRuns } from '../../evaluation/coco/rle.ts';
import { polygonRuns } from '../../evaluation/coco/polygon.ts';
import { predictionSchema, problemSchema, type Prediction } from '../../serve/api.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { jpegOf, pngBomb } from './support/pictures.ts';
import { publishChampion } from './support/publish.ts';
import { isReady, startTestServer, until, type TestServer } from './support/running-server.ts';
import { sureConfig, writeSureModel } from './support/sure-model.ts';

const MAX_BYTES = 300_000;
const PLACES = 3;

const testStore = withTestStore();
const config = sureConfig();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
let picture: Uint8Array<ArrayBuffer>;

const start = (changes: Partial<Parameters<typeof startTestServer>[0]> = {}) =>
  startTestServer({
    store: testStore().store,
    model: 'lesion',
    cacheFolder: join(folder.path, 'cache'),
    maxBytes: MAX_BYTES,
    maxPixels: 1e6,
    places: PLACES,
    ...changes,
  });

/** Publishes a model that is `confidence` sure of everything, and lets the champion be it. */
async function publish(confidence: number, score: number): Promise<number> {
  const weightsPath = join(folder.path, 'weights.h5');
  await writeSureModel(weightsPath, { config, confidence });
  const { store } = testStore();
  return publishChampion(store, {
    model: 'lesion',
    config,
    weightsPath,
    score,
    folder: folder.path,
  });
}

const answerOf = async (response: Response): Promise<Prediction> => {
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'application/json; charset=utf-8',
  ]);
  return predictionSchema.parse(await response.json());
};

const problemOf = async (response: Response) => {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return problem;
};

/** Stops the process that holds the model where it is; the returned function lets it go on. */
async function freeze(): Promise<{ readonly pid: number; thaw(): void }> {
  const pid = (await server.running.inferencePid()) ?? 0;
  process.kill(pid, 'SIGSTOP');
  return { pid, thaw: () => process.kill(pid, 'SIGCONT') };
}

const timesAsked = () => server.log.filter((line) => line.includes('goes to the model')).length;

/** Sends the picture, and returns when the model has it. */
async function askFrozen(): Promise<{ readonly response: Promise<Response> }> {
  const before = timesAsked();
  const response = server.predict(picture);
  // Handled where it is awaited.
  response.catch(() => undefined);
  await until(() => timesAsked() > before);
  return { response };
}

beforeAll(async () => {
  folder = await temporaryFolder();
  picture = await jpegOf(120, 90);
  server = await start();
});
afterAll(async () => {
  await server.running.close();
  await folder.remove();
});

describe('without a model', () => {
  test('the server runs, is not ready, and says what to do', async () => {
    await until(async () => (await server.state()).detail !== null);
    expect(await server.state()).toMatchObject({
      asked: 'lesion@champion',
      state: 'none',
      current: null,
      detail: expect.stringContaining('train and publish one first'),
    });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(await problemOf(await fetch(`${server.url}/readyz`))).toMatchObject({ status: 503 });
    expect(await problemOf(await server.predict(picture))).toMatchObject({
      status: 503,
      code: 'no-model',
      detail: expect.stringContaining('train and publish one first'),
    });
  });

  test('and picks the first one up when it is published', async () => {
    expect(await publish(0.9, 0.5)).toBe(1);
    await until(isReady(server, 1));
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });
});

describe('a picture', () => {
  test('is answered with score, box, area, contour and mask that agree', async () => {
    const png = await answerOf(await server.predict(picture));
    expect(png).toMatchObject({ model: 'lesion', version: 1, image: { width: 120, height: 90 } });
    const [found] = png.instances;
    expect(found).toMatchObject({ className: 'lesion', score: expect.closeTo(0.9, 5) });
    expect(found?.mask?.format).toBe('png');

    const data = found?.mask?.format === 'png' ? found.mask.data : '';
    const file = sharp(Buffer.from(data, 'base64'));
    expect(await file.metadata()).toMatchObject({ channels: 1, depth: 'uchar' });
    const { data: pixels, info } = await file
      .toColourspace('b-w')
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(info).toMatchObject({ width: 120, height: 90, channels: 1 });
    expect(new Set(pixels)).toEqual(new Set([0, 255]));
    const runs = maskToRuns(pixels, [90, 120]);
    expect(found?.areaPercent).toBeCloseTo((100 * runsArea(runs)) / (120 * 90), 8);

    const rle = await answerOf(await server.predict(picture, '?mask=rle'));
    const mask = rle.instances[0]?.mask;
    expect(mask?.format).toBe('rle');
    if (mask?.format === 'rle') {
      expect(Buffer.from(decodeRle(mask)).map((value) => 255 * value)).toEqual(pixels);
    }

    const polygon = await answerOf(await server.predict(picture, '?mask=polygon'));
    const outlines = polygon.instances[0]?.mask;
    const outline = outlines?.format === 'polygon' ? (outlines.polygons[0] ?? []) : [];
    const drawn = polygonRuns(outline, [90, 120]);
    const shared = runsIntersection(drawn, runs);
    expect(shared / (runsArea(drawn) + runsArea(runs) - shared)).toBeGreaterThan(0.95);
    expect(found?.contour.flat(2)).toEqual(outline);
  });

  test('may come in a form, and its instances may be left out by confidence and mask', async () => {
    const form = new FormData();
    form.append('picture', new Blob([picture], { type: 'text/plain' }), 'smith-anna-1970.jpg');
    const { instances } = await answerOf(await server.predict(form, '?mask=none'));
    expect(instances[0]?.mask).toBeNull();
    const none = await answerOf(await server.predict(picture, '?minConfidence=0.95'));
    expect(none.instances).toEqual([]);
    expect(server.log.join('')).not.toContain('smith');
  });

  test('is turned as its EXIF orientation says', async () => {
    const lying = await jpegOf(120, 90, 6);
    const { image, instances } = await answerOf(await server.predict(lying, '?mask=rle'));
    expect(image).toEqual({ width: 90, height: 120 });
    const mask = instances[0]?.mask;
    expect(mask?.format === 'rle' && mask.size).toEqual([120, 90]);
  });

  test('beside another one is answered too', async () => {
    const both = await Promise.all([server.predict(picture), server.predict(picture)]);
    const [one, other] = await Promise.all(both.map(answerOf));
    expect(one).toEqual(other);
  });
});

describe('a request is refused', () => {
  const form = (...parts: Uint8Array<ArrayBuffer>[]) => {
    const data = new FormData();
    parts.forEach((part) => data.append('picture', new Blob([part]), 'a.jpg'));
    return data;
  };
  const large = () => new Uint8Array(MAX_BYTES + 1).fill(0xff);
  const cases: Record<
    string,
    { body: () => BodyInit; query?: string; status: number; code: string }
  > = {
    'without a picture': { body: () => '', status: 400, code: 'no-picture' },
    'with an empty form': { body: () => form(), status: 400, code: 'no-picture' },
    'with two pictures': {
      body: () => form(picture, picture),
      status: 400,
      code: 'too-many-pictures',
    },
    'with text': { body: () => 'not a picture', status: 415, code: 'picture-type' },
    'with an SVG that sharp would draw': {
      body: () => '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
      status: 415,
      code: 'picture-type',
    },
    'with text in a form, called a JPEG': {
      body: () => form(new TextEncoder().encode('text')),
      status: 415,
      code: 'picture-type',
    },
    'with half a picture': {
      body: () => picture.slice(0, picture.length / 2),
      status: 422,
      code: 'broken-picture',
    },
    'with a header only': {
      body: () => picture.slice(0, 20),
      status: 422,
      code: 'broken-picture',
    },
    'with too many bytes': { body: large, status: 413, code: 'picture-too-large' },
    'with too many bytes in a form': {
      body: () => form(large()),
      status: 413,
      code: 'picture-too-large',
    },
    'with few bytes that stand for too many pixels': {
      body: () => pngBomb(30_000),
      status: 413,
      code: 'too-many-pixels',
    },
    'with a confidence above 1': {
      body: () => picture,
      query: '?minConfidence=2',
      status: 400,
      code: 'bad-query',
    },
    'with an unknown option': {
      body: () => picture,
      query: '?masks=png',
      status: 400,
      code: 'bad-query',
    },
  };
  test.each(Object.entries(cases))('%s', async (_, { body, query, status, code }) => {
    const response = await server.predict(body(), query);
    expect(await problemOf(response)).toMatchObject({ status, code });
    expect((await server.state()).queue.taken).toBe(0);
  });

  test('at an unknown place, with the same headers as every answer', async () => {
    const response = await fetch(`${server.url}/nowhere`);
    expect(await problemOf(response)).toMatchObject({ status: 404 });
    for (const answer of [response, await fetch(server.url)]) {
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(answer.headers.has('access-control-allow-origin')).toBe(false);
    }
  });
});

describe('the OpenAPI document', () => {
  test('describes what the server really answers', async () => {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, unknown>;
      components: { schemas: Record<string, object> };
    };
    const ajv = new Ajv2020({ allErrors: true, formats: { 'date-time': true, base64: true } });
    const expectValid = async (name: string, response: Response) => {
      const validate = ajv.compile(document.components.schemas[name] ?? {});
      const isValid = validate(await response.json());
      expect([name, isValid, validate.errors]).toEqual([name, true, null]);
    };
    for (const mask of ['png', 'rle', 'polygon', 'none']) {
      await expectValid('Prediction', await server.predict(picture, `?mask=${mask}`));
    }
    await expectValid('Problem', await server.predict('text'));
    await expectValid('Model', await fetch(`${server.url}/api/v1/model`));
    await expectValid('Health', await fetch(`${server.url}/healthz`));
    const paths = Object.keys(document.paths);
    expect(paths).toEqual(['/api/v1/predictions', '/api/v1/model', '/healthz', '/readyz']);
    expect(JSON.stringify(document.paths)).toContain('"minConfidence"');
  });
});

describe('in trouble', () => {
  test('more pictures than there are places are refused at once, the others answered', async () => {
    const frozen = await freeze();
    const waiting = Array.from({ length: PLACES }, () => server.predict(picture));
    await until(async () => (await server.state()).queue.taken === PLACES);
    const refused = await server.predict(picture);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'busy' });
    frozen.thaw();
    for (const response of await Promise.all(waiting)) await answerOf(response);
    await until(async () => (await server.state()).queue.taken === 0);
  });

  test.each([
    ['raw', 'content-type: image/jpeg\r\n'],
    ['in a form', 'content-type: multipart/form-data; boundary=x\r\n'],
  ])('an upload %s that is broken off gives its place back', async (_, header) => {
    const socket = connect(server.running.port, '127.0.0.1');
    socket.write(
      `POST /api/v1/predictions HTTP/1.1\r\nhost: x\r\n${header}content-length: 1000\r\n\r\n--x\r\ncontent-disposition: form-data; name="a"; filename="a"\r\n\r\nhalf`,
    );
    await until(async () => (await server.state()).queue.taken === 1);
    socket.destroy();
    await until(async () => (await server.state()).queue.taken === 0);
    await answerOf(await server.predict(picture));
  });

  test('the process dies with a picture in it: that one gets 503, the next one its answer', async () => {
    const { pid } = await freeze();
    const { response } = await askFrozen();
    process.kill(pid, 'SIGKILL');
    expect(await problemOf(await response)).toMatchObject({ status: 503, code: 'inference-died' });
    await answerOf(await server.predict(picture));
    expect(await server.running.inferencePid()).not.toBe(pid);
  });

  test('a model that says nothing is given up', async () => {
    await using impatient = await start({ timeoutMs: 3_000 });
    await until(isReady(impatient, 1));
    const pid = (await impatient.running.inferencePid()) ?? 0;
    process.kill(pid, 'SIGSTOP');
    expect(await problemOf(await impatient.predict(picture))).toMatchObject({
      status: 503,
      code: 'inference-timeout',
    });
    await until(async () => (await impatient.running.inferencePid()) !== pid);
  });
});

describe('the champion moves', () => {
  test('and the answers come from the new version, without one that fails in between', async () => {
    expect(await publish(0.6, 0.6)).toBe(2);
    let answer: Prediction;
    do {
      answer = await answerOf(await server.predict(picture, '?mask=none'));
      expect(answer.instances[0]?.score).toBeCloseTo(answer.version === 1 ? 0.9 : 0.6, 5);
    } while (answer.version === 1);
    expect((await server.state()).current).toMatchObject({ version: 2 });
  });

  test('to one that cannot be loaded: the old one goes on, the log says why, the next one is loaded', async () => {
    const weightsPath = join(folder.path, 'broken.h5');
    await writeFile(weightsPath, 'no weights');
    const { store } = testStore();
    const broken = { model: 'lesion', config, weightsPath, score: 0.7, folder: folder.path };
    expect(await publishChampion(store, broken)).toBe(3);
    await until(() => server.log.some((line) => line.includes('cannot be loaded')));
    expect(server.log.find((line) => line.includes('cannot be loaded'))).toContain(
      'WeightFileError',
    );
    expect(await answerOf(await server.predict(picture))).toMatchObject({ version: 2 });
    expect((await server.state()).detail).toContain('cannot be loaded');
    expect(await publish(0.8, 0.8)).toBe(4);
    await until(isReady(server, 4));
    expect((await server.state()).detail).toBeNull();
  });
});
