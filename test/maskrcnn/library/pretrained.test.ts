import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { maskRcnnConfigSchema } from '../../../maskrcnn/config.ts';
import { PretrainedUnavailableError, WeightFileError } from '../../../maskrcnn/errors.ts';
import { parameterSpecs } from '../../../maskrcnn/parameters.ts';
import { writeKerasWeights } from '../../../maskrcnn/weights/keras-h5.ts';
import { weightLayers } from '../../../maskrcnn/weights/load.ts';
import { fetchPretrained } from '../../../maskrcnn/weights/pretrained.ts';

/** A file with all layers of the network, each weight a single number. */
async function tinyWeights(path: string, keep: (layer: string) => boolean): Promise<Buffer> {
  const specs = parameterSpecs(maskRcnnConfigSchema.parse({ backbone: 'resnet50' }))
    .filter(({ layer }) => keep(layer))
    .map((spec) => ({ ...spec, shape: [1] }));
  await writeKerasWeights(
    path,
    weightLayers(specs, () => Float32Array.of(1)),
  );
  return readFile(path);
}

describe('fetchPretrained', () => {
  let server: Server;
  let base = '';
  let folder = '';
  let cacheFolder = '';
  let requests = 0;
  let body: Buffer = Buffer.alloc(0);

  beforeEach(async () => {
    requests = 0;
    folder = await mkdtemp(join(tmpdir(), 'lesionflow-pretrained-'));
    cacheFolder = join(folder, 'cache');
    server = createServer((request, response) => {
      requests++;
      if (request.url === '/missing.h5') response.writeHead(404).end();
      else if (request.url === '/cut.h5') {
        response.writeHead(200, { 'content-length': body.length });
        response.write(body.subarray(0, 1000), () => response.destroy());
      } else response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    body = await tinyWeights(join(folder, 'source.h5'), () => true);
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  it('downloads once, verifies, and takes the cached file afterwards', async () => {
    const sha256 = createHash('sha256').update(body).digest('hex');
    const seen: number[] = [];
    const options = { from: 'coco', url: `${base}/coco.h5`, sha256, cacheFolder } as const;
    const path = await fetchPretrained({ ...options, onProgress: ({ bytes }) => seen.push(bytes) });
    expect((await readFile(path)).equals(body)).toBe(true);
    expect(seen.at(-1)).toBe(body.length);
    expect(await fetchPretrained(options)).toBe(path);
    expect(requests).toBe(1);
    expect(await readdir(cacheFolder)).toHaveLength(1);
    await expect(fetchPretrained({ ...options, sha256: '0'.repeat(64) })).rejects.toThrow(
      /sha256 is .* delete it/,
    );
  });

  it.each([
    ['missing.h5', PretrainedUnavailableError, /answered 404/],
    [
      'cut.h5',
      PretrainedUnavailableError,
      /download the file by hand to .*cut\.h5, or start from scratch/,
    ],
  ])('%s: nothing is left in the cache', async (name, kind, message) => {
    const failed = fetchPretrained({ from: 'coco', url: `${base}/${name}`, cacheFolder });
    await expect(failed).rejects.toThrow(kind);
    await expect(failed).rejects.toThrow(message);
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  it('without a network says what to do, and uses the file put there by hand', async () => {
    const url = 'http://127.0.0.1:9/coco.h5';
    const error: unknown = await fetchPretrained({ from: 'coco', url, cacheFolder }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PretrainedUnavailableError);
    const { retryable, values } = error as PretrainedUnavailableError;
    expect(retryable).toBe(true);
    await writeFile(String(values['path']), body);
    expect(await fetchPretrained({ from: 'coco', url, cacheFolder })).toBe(values['path']);
  });

  it('refuses a file without the layers that it should have', async () => {
    body = await tinyWeights(join(folder, 'backbone.h5'), (layer) => /^(conv1|bn|res)/.test(layer));
    const url = `${base}/backbone.h5`;
    await expect(fetchPretrained({ from: 'coco', url, cacheFolder })).rejects.toThrow(
      /layers of the coco weights are missing, e\.g\. fpn_c5p5/,
    );
    await expect(fetchPretrained({ from: 'imagenet', url, cacheFolder })).resolves.toMatch(
      /backbone\.h5$/,
    );
    body = Buffer.from('<html>log in first</html>');
    await expect(
      fetchPretrained({ from: 'imagenet', url: `${base}/page.h5`, cacheFolder }),
    ).rejects.toThrow(WeightFileError);
  });

  it('stops when asked to', async () => {
    const stopped = fetchPretrained({
      from: 'coco',
      url: `${base}/coco.h5`,
      cacheFolder,
      signal: AbortSignal.abort(new Error('cancelled')),
    });
    await expect(stopped).rejects.toThrow('cancelled');
  });
});
