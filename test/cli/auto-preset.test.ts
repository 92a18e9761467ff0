/** `--preset auto` from archives to a run's input, and the training data that comes of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withAutoPreset, type AutoFlags } from '../../cli/auto-preset.ts';
import { UsageError } from '../../cli/failures.ts';
import { openPairs } from '../../cli/inspect/open-pairs.ts';
import { readSamples } from '../../cli/inspect/samples.ts';
import { buildRequest } from '../../cli/request.ts';
import { pipelineInputSchema } from '../../contracts/pipeline-input.ts';
import { writeSyntheticArchives, type ArchivePaths } from '../../datasets/synthetic-archive.ts';
import { startFileServer } from '../../infra/servers/file-server.ts';
import { pixelAnchors } from '../../maskrcnn/boxes/anchors.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import { buildBatch } from '../../maskrcnn/training/batch.ts';
import { temporaryFolder } from '../support/servers.ts';
import { runLesionflow } from './run-lesionflow.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let archives: ArchivePaths;

beforeAll(async () => {
  home = await temporaryFolder();
  archives = await writeSyntheticArchives({ folder: home.path, count: 24, size: 128, seed: 5 });
});
afterAll(() => home.remove());

const flags = (changes: Partial<AutoFlags> = {}): AutoFlags => ({
  ...archives,
  dataset: 'invented',
  preset: 'auto',
  hours: 0.2,
  ...changes,
});

async function requestOf(changes: Partial<AutoFlags> = {}) {
  const said: string[] = [];
  const request = buildRequest(
    await withAutoPreset(flags(changes), (text) => void said.push(text)),
  );
  return { input: pipelineInputSchema.parse(request), said: said.join('\n') };
}

describe('--preset auto', () => {
  test('gives a valid input that fits the data, and says each option with its reason before', async () => {
    const { input, said } = await requestOf();
    expect(input.dataset.name).toBe('invented');
    expect(input.training.initialWeights).toEqual({ from: 'scratch' });
    expect(input.model).toMatchObject({ imageMinDim: 128, imageMaxDim: 128, maxGtInstances: 1 });
    expect(said).toContain('From 24 of 24 pairs');
    expect(said).toMatch(/image size: .*\n +At 128 px a small lesion/);
    for (const what of ['anchors', 'batch', 'length', 'mean pixel'])
      expect(said).toContain(`${what}: `);
    expect(said).toContain(JSON.stringify(input.model.rpnAnchorScales));

    // A batch of these pictures finds positive anchors for every lesion.
    const { model } = input;
    await using opened = await openPairs(archives);
    const samples = await readSamples(opened.store, {
      pairs: opened.pairs.slice(0, 4),
      config: model,
    });
    const batch = buildBatch(samples, { ...model, imagesPerGpu: 4 }, randomStream(1));
    expect(batch.rpnMatch.filter((match) => match === 1).length).toBeGreaterThanOrEqual(4);
    expect(pixelAnchors(model, [128, 128]).length).toBeGreaterThan(0);
  });

  test('what is set, and what a config file says, wins over it', async () => {
    const { input, said } = await requestOf({
      set: ['model.imageMaxDim=192', 'model.imageMinDim=192', 'training.stages.0.epochs=1'],
    });
    expect(input.model).toMatchObject({ imageMinDim: 192, imageMaxDim: 192 });
    expect(input.training.stages).toMatchObject([{ epochs: 1 }]);
    expect(said).not.toContain('image size:');
  });

  test('archives are looked into over http as well', async () => {
    await using files = await startFileServer({ folder: home.path });
    const url = (path: string) => `${files.url}/${path.slice(home.path.length + 1)}`;
    const far = { images: url(archives.images), masks: url(archives.masks) };
    const { input } = await requestOf(far);
    expect({ ...input, dataset: null }).toEqual({ ...(await requestOf()).input, dataset: null });
    expect(input.dataset.images.url).toBe(far.images);
  });

  test('archives that cannot be looked into from here are a usage error that offers another preset', async () => {
    const server = createServer((_, response) => void response.end('the whole of it'));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const images = `http://127.0.0.1:${String(port)}/i.zip`;
    const failed = requestOf({ images });
    await expect(failed).rejects.toThrow(UsageError);
    await expect(failed).rejects.toThrow(
      /--preset auto looks .*no HTTP ranges.*name another preset/s,
    );
    server.closeAllConnections();
    server.close();
    await expect(requestOf({ images: join(home.path, 'none.zip') })).rejects.toThrow(
      /no file .*none/,
    );
  });

  test('other presets are left alone', async () => {
    const tiny = flags({ preset: 'tiny', images: 'https://host.invalid/i.zip' });
    expect(await withAutoPreset(tiny, () => undefined)).toBe(tiny);
  });
});

test('the command takes it: pictures and table are of the size that it chose', async () => {
  const { code, stdout } = await runLesionflow(
    [
      'inspect',
      'data',
      '--images',
      archives.images,
      '--masks',
      archives.masks,
      '--preset',
      'auto',
      '--out',
      join(home.path, 'look'),
    ],
    { LESIONFLOW_HOME: home.path },
  );
  expect(code).toBe(0);
  expect(stdout).toContain('What --preset auto takes');
  expect(stdout).toMatch(/image size: shorter side 128, side 128/);
});

test('where there is no data set to look at, auto is refused', () => {
  expect(() => buildRequest({ ...flags(), preset: 'auto' })).toThrow(/"auto" looks at archives/);
});
