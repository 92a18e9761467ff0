/** What a run starts from: each source of weights, and the account of what it gave. */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InitialWeights } from '../../contracts/pipeline-input.ts';
import { ArchiveHashError, ArchiveNotFoundError } from '../../datasets/errors.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { WeightsMismatchError } from '../../maskrcnn/errors.ts';
import { Parameters } from '../../maskrcnn/parameters.ts';
import { saveWeights } from '../../maskrcnn/weights/load.ts';
import { initialParameters } from '../../trainer/initial-weights.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';

const config = maskRcnnConfigSchema.parse({
  backbone: 'resnet50',
  topDownPyramidSize: 8,
  fpnClassifFcLayersSize: 8,
});
const testStore = withTestStore();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: Server;
let requests = 0;
let path = '';
let sha256 = '';
let kernelInFile: unknown;

beforeAll(async () => {
  folder = await temporaryFolder();
  path = join(folder.path, 'weights.h5');
  using parameters = Parameters.initialise(config, 7);
  await saveWeights(parameters, path);
  kernelInFile = parameters.get('conv1/kernel').dataSync();
  const file = await readFile(path);
  sha256 = createHash('sha256').update(file).digest('hex');
  await testStore().store.putStream('given/weights.h5', Readable.from([file]));
  server = createServer((_, response) => {
    requests++;
    response.writeHead(200, { 'content-length': file.length, etag: '"1"' }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await folder.remove();
});

const cacheFolder = () => join(folder.path, 'cache');
async function start(weights: InitialWeights, numClasses = 2) {
  const notes: string[] = [];
  const { parameters, startedFrom } = await initialParameters({
    config: { ...config, numClasses },
    seed: 1,
    weights,
    store: testStore().store,
    cacheFolder: cacheFolder(),
    signal: new AbortController().signal,
    onNote: (note) => notes.push(note),
  });
  using owned = parameters;
  const [kernel, ofClasses] = ['conv1/kernel', 'mrcnn_bbox_fc/kernel'].map((name) =>
    owned.get(name).dataSync(),
  );
  return { startedFrom, notes, kernel, ofClasses };
}

/** The values with which training from scratch begins. */
function firstValues(name: string, numClasses = 2) {
  using parameters = Parameters.initialise({ ...config, numClasses }, 1);
  return parameters.get(name).dataSync();
}

const ALL = '384 of 384 weights are from the file';

describe('a weight file', () => {
  it('is taken in place from this machine', async () => {
    const url = pathToFileURL(path).href;
    const { startedFrom, notes, kernel } = await start({ from: 'file', url, sha256, strict: true });
    expect(kernel).toEqual(kernelInFile);
    expect(startedFrom).toBe(`initial weights from ${url}: ${ALL}`);
    expect(notes.at(-1)).toBe(startedFrom);
  });

  it('is taken from the object store', async () => {
    const url = 's3://test/given/weights.h5';
    const { startedFrom, kernel } = await start({ from: 'file', url, sha256 });
    expect(kernel).toEqual(kernelInFile);
    expect(startedFrom).toBe(`initial weights from ${url}: ${ALL}`);
  });

  it('is downloaded once; a wrong hash throws it away', async () => {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${String(port)}/weights.h5?token=secret`;
    const { startedFrom, notes } = await start({ from: 'file', url });
    expect(startedFrom).not.toContain('secret');
    expect(notes[0]).toMatch(/^downloading the weights of http:.* MB$/);
    const cached = readdirSync(join(cacheFolder(), 'weights'));
    await start({ from: 'file', url, sha256 });
    expect(readdirSync(join(cacheFolder(), 'weights'))).toEqual(cached);
    // The second asked only whether the file is still the same.
    expect(requests).toBe(2);
    const wrong = start({ from: 'file', url, sha256: '0'.repeat(64) });
    await expect(wrong).rejects.toThrow(ArchiveHashError);
    expect(readdirSync(join(cacheFolder(), 'weights'))).toHaveLength(cached.length - 1);
  });

  it('that is not there: says so, and is not tried again', async () => {
    const missing = start({ from: 'file', url: 'file:///nowhere/weights.h5' });
    await expect(missing).rejects.toThrow(ArchiveNotFoundError);
    await expect(missing).rejects.toMatchObject({ retryable: false });
  });

  it('of other classes: gives what fits and tells the rest, or is refused when strict', async () => {
    const url = pathToFileURL(path).href;
    const { startedFrom, kernel, ofClasses } = await start({ from: 'file', url }, 3);
    expect(kernel).toEqual(kernelInFile);
    expect(ofClasses).toEqual(firstValues('mrcnn_bbox_fc/kernel', 3));
    expect(startedFrom).toMatch(
      /378 of 384 weights are from the file; 6 are of another shape: mrcnn_bbox_fc\/kernel is \[8, 8\] and not \[8, 12\]/,
    );
    const strict = start({ from: 'file', url, strict: true }, 3);
    await expect(strict).rejects.toThrow(WeightsMismatchError);
    const exclude = ['mrcnn_(class_logits|bbox_fc|mask)'];
    const fitting = await start({ from: 'file', url, strict: true, exclude }, 3);
    expect(fitting.startedFrom).toMatch(/6 are excluded: mrcnn_bbox_fc \(kernel, bias\)/);
  });
});

it('from scratch: nothing is loaded, and it is said', async () => {
  const { startedFrom, kernel } = await start({ from: 'scratch' });
  expect(startedFrom).toBe('initial weights from scratch');
  expect(kernel).not.toEqual(kernelInFile);
  expect(kernel).toEqual(firstValues('conv1/kernel'));
});
