/** `lesionflow evaluate` with a real network over a real store; its scores against masks that `predict` wrote. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { publishVersion } from '../../storage/publish-version.ts';
import { lesionPng } from '../datasets/zips.ts';
import { prepareRunData } from '../report/run-fixture.ts';
import { jpegOf } from '../serve/support/pictures.ts';
import { sureConfig, writeSureModel } from '../serve/support/sure-model.ts';
import { lineage, scores, writeVersionFiles } from '../storage/registry-fixtures.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { lesionflowHere } from './here.ts';

const testStore = withTestStore();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let validation: number;
const place = (name: string) => join(home.path, name);

beforeAll(async () => {
  home = await temporaryFolder();
  const { store } = testStore();
  const { split } = await prepareRunData(store, { pictures: 7, side: 96 });
  validation = split.validation;
  await writeVersionFiles(home.path);
  const config = sureConfig();
  await writeSureModel(place('sure.h5'), { config, confidence: 0.9 });
  await publishVersion(store, {
    ...{ model: 'mole', attempt: 'a1', config, classNames: ['background', 'lesion'] },
    scores: scores(0.987),
    lineage: { ...lineage('run-1'), split },
    weightsPath: place('sure.h5'),
    savedModelFolder: place('saved'),
    modelCard: () => '# Card',
  });
  await mkdir(place('own'));
  for (const [name, side] of [
    ['a', 80],
    ['b', 120],
  ] as const) {
    await writeFile(place(`own/${name}.jpg`), await jpegOf(side, side));
    await writeFile(place(`own/${name}_segmentation.png`), await lesionPng(side, side));
  }
});
afterAll(() => home.remove());

const lesionflow = (...args: readonly string[]) =>
  lesionflowHere(args, { ...testStore().environment, LESIONFLOW_HOME: home.path });

async function json(...args: readonly string[]): Promise<unknown> {
  const { code, stdout } = await lesionflow(...args, '--json');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** By counting pixels. */
async function jaccard(...masks: readonly string[]): Promise<number> {
  const [a, b] = await Promise.all(masks.map((path) => sharp(path).greyscale().raw().toBuffer()));
  let [both, either] = [0, 0];
  a?.forEach((value, at) => {
    const [ours, theirs] = [value > 128, (b?.[at] ?? 0) > 128];
    if (ours && theirs) both++;
    if (ours || theirs) either++;
  });
  return both / either;
}

test("one's own images are scored at their own size, as the masks of predict say", async () => {
  const own = ['--images', place('own'), '--masks', place('own')];
  const evaluation = (await json('evaluate', 'mole@1', ...own, '--out', place('scores'))) as {
    images: { id: string; confidence: number; scores: { jaccard: number } }[];
  };
  await json(
    'predict',
    place('own/a.jpg'),
    place('own/b.jpg'),
    '--model',
    'mole@1',
    '--out',
    place('seen'),
  );
  for (const id of ['a', 'b']) {
    const image = evaluation.images.find((one) => one.id === id);
    const expected = await jaccard(
      place(`seen/${id}-mask.png`),
      place(`own/${id}_segmentation.png`),
    );
    expect(expected).toBeGreaterThan(0);
    expect(image?.scores.jaccard).toBeCloseTo(expected, 10);
    expect(image?.confidence).toBeCloseTo(0.9, 3);
    expect((await sharp(place(`scores/${id}.png`)).metadata()).format).toBe('png');
  }
  const kept: unknown = JSON.parse(await readFile(place('scores/evaluation.json'), 'utf8'));
  expect(kept).toMatchObject({ weights: 'mole@1', published: null, images: evaluation.images });
}, 60_000);

test('without images a version is scored on its own validation images, beside what it was published with', async () => {
  const { code, stdout } = await lesionflow('evaluate', 'mole@1', '--min-confidence', '0.95');
  expect(code).toBe(0);
  expect(stdout).toMatch(
    new RegExp(`^mole@1 on the ${String(validation)} validation images of run-1:\n`),
  );
  expect(stdout).toContain('Published with threshold Jaccard 0.9870');
  expect(stdout).toContain(`in ${String(validation)} nothing was found.`);
  const some = await json('evaluate', 'mole@1', '--count', '1', '--seed', '3');
  expect(some).toMatchObject({ on: expect.stringMatching(/^1 of the /), published: null });
});

test('what does not go together is said before anything is loaded', async () => {
  const complaint = async (...args: readonly string[]) => {
    const { code, stderr } = await lesionflow('evaluate', ...args);
    return [code, stderr.split('\n')[0]];
  };
  expect(await complaint('mole@1', '--images', place('own'))).toEqual([
    2,
    'Give both, --images and --masks, or neither.',
  ]);
  expect(await complaint(place('sure.h5'))).toEqual([
    2,
    expect.stringContaining('Name some: --images and --masks'),
  ]);
  expect(await complaint('mole@1', '--run', 'r', '--images', 'x')).toEqual([
    2,
    expect.stringContaining('cannot be used with'),
  ]);
  expect(await complaint('mole@1', '--images', place('saved'), '--masks', place('own'))).toEqual([
    2,
    expect.stringContaining('No image has a mask'),
  ]);
});
