/** The real `lesionflow inspect` as a process: what it writes, what it counts, and how it fails. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { augmentationOf } from '../../cli/inspect/augmentation-of.ts';
import { readPicture, readTruth } from '../../cli/inspect/read-picture.ts';
import { runInspectModel } from '../../cli/inspect/run-model.ts';
import { dataReportSchema } from '../../cli/inspect/data-report.ts';
import { openPairs } from '../../cli/inspect/open-pairs.ts';
import { weightsSource } from '../../cli/inspect/weights-source.ts';
import { writeSyntheticArchives, type ArchivePaths } from '../../datasets/synthetic-archive.ts';
import { splitIds } from '../../datasets/split-dataset.ts';
import { startFileServer } from '../../infra/servers/file-server.ts';
import { Parameters } from '../../maskrcnn/parameters.ts';
import { saveWeights } from '../../maskrcnn/weights/load.ts';
import { ANCHOR_COLOURS } from '../../report/anchors.ts';
import { greyPng, jpeg, lesionPng, zipOf, type Member } from '../datasets/zips.ts';
import { SIDE, tinyConfig } from '../maskrcnn/export/tiny-model.ts';
import { elementsOf, textsOf } from '../report/pixels.ts';
import { temporaryFolder } from '../support/servers.ts';
import { runLesionflow } from './run-lesionflow.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let archives: ArchivePaths;

beforeAll(async () => {
  home = await temporaryFolder();
  archives = await writeSyntheticArchives({ folder: home.path, count: 5, size: 96, seed: 5 });
});
afterAll(() => home.remove());

const place = (name: string) => join(home.path, name);
const inspect = (...args: readonly string[]) =>
  runLesionflow(['inspect', ...args], { LESIONFLOW_HOME: home.path });

describe('inspect data', () => {
  const ofArchives = () => ['--images', archives.images, '--masks', archives.masks];

  test('writes readable pictures and says which, and how large the masks are', async () => {
    const flags = [
      '--preset',
      'tiny',
      '--augment',
      'recipe',
      '--count',
      '2',
      '--out',
      place('data'),
    ];
    const { code, stdout, stderr } = await inspect('data', ...ofArchives(), ...flags);
    expect([code, stderr]).toEqual([0, '']);
    for (const name of ['overview', 'unusual', 'samples', 'anchors', 'masks']) {
      const path = place(`data/${name}.png`);
      expect(stdout).toContain(`wrote ${path}`);
      expect((await sharp(path).metadata()).width).toBeGreaterThan(600);
    }
    expect(stdout).toContain('5 pairs, 5 of them read; unusable: none');
    expect(stdout).toMatch(/share of the image +\d/);
    expect(stdout).toMatch(/What --preset auto would take\n +image size/);
  });

  test('draws as many anchors as it counts, and a row of augmented samples for each sample', async () => {
    const spec = '[{ op: rot90, k: [1, 2, 3] }]';
    const flags = [
      '--preset',
      'tiny',
      '--count',
      '3',
      '--augment',
      spec,
      '--format',
      'svg',
      '--json',
    ];
    const { code, stdout } = await inspect(
      'data',
      ...ofArchives(),
      ...flags,
      '--out',
      place('svg'),
    );
    expect(code).toBe(0);
    const numbers = dataReportSchema.parse(JSON.parse(stdout));
    expect([numbers.pairs, numbers.read, numbers.masks.instances]).toEqual([5, 5, 5]);
    expect(numbers.files).toEqual([
      ...['overview', 'unusual', 'samples', 'anchors', 'masks'].map((name) =>
        place(`svg/${name}.svg`),
      ),
      place('svg/data.json'),
    ]);
    expect(JSON.parse(readFileSync(place('svg/data.json'), 'utf8'))).toEqual(JSON.parse(stdout));

    const drawn = elementsOf(readFileSync(place('svg/anchors.svg'), 'utf8'), 'box normal');
    const total = (kind: 'positive' | 'negative') =>
      numbers.anchors.reduce((sum, sample) => sum + sample[kind], 0);
    const coloured = (colour: string) => drawn.filter((shape) => shape.includes(colour)).length;
    expect(total('positive')).toBeGreaterThanOrEqual(3);
    expect(coloured(ANCHOR_COLOURS.positive)).toBe(total('positive'));
    expect(coloured(ANCHOR_COLOURS.negative)).toBe(total('negative'));

    const samples = readFileSync(place('svg/samples.svg'), 'utf8');
    expect(elementsOf(samples, 'tile')).toHaveLength(3 * 4);
    expect(elementsOf(samples, 'contour')).toHaveLength(3 * 4);
    expect(textsOf(samples).slice(1, 4)).toEqual(['augmented, 1', 'augmented, 2', 'augmented, 3']);
    expect(new Set(samples.match(/data:image[^"]*/g)).size).toBeGreaterThan(3);
  });

  test('reads folders, and tells what cannot be used', async () => {
    await mkdir(place('folder/images'), { recursive: true });
    await mkdir(place('folder/masks'), { recursive: true });
    const file = async (name: string, bytes: Promise<Buffer>) =>
      writeFile(place(`folder/${name}`), await bytes);
    await file('images/A.jpg', jpeg(80, 60, 10));
    await file('masks/A_segmentation.png', lesionPng(80, 60));
    await file('images/B.jpg', jpeg(80, 60, 20));
    await file(
      'masks/B_segmentation.png',
      greyPng(80, 60, () => 0),
    );
    await file('images/C.jpg', jpeg(80, 60, 30));
    await file('images/D.jpg', jpeg(80, 60, 10));
    await file('masks/D_segmentation.png', lesionPng(80, 60));
    const { code, stdout } = await inspect(
      ...['data', '--images', place('folder/images'), '--masks', place('folder/masks')],
      ...['--preset', 'tiny', '--json', '--out', place('folder/out')],
    );
    expect(code).toBe(0);
    const numbers = dataReportSchema.parse(JSON.parse(stdout));
    expect(numbers.quarantined).toMatchObject([
      { id: 'C', reason: 'missing-mask' },
      { id: 'D', reason: 'duplicate-image' },
      { id: 'B', reason: 'mask-empty' },
    ]);
    // Half of the width and half of the height.
    expect(numbers.masks.area.median).toBeCloseTo(0.25, 1);
    expect(numbers.findings[0]).toMatchObject({ kind: 'unusable', level: 'act' });
  });

  test('a wrong option of the model ends with code 2 and is named, without a stack', async () => {
    const flags = ['--set', 'model.imageMaxDimm=64', '--out', place('bad')];
    const { code, stderr } = await inspect('data', ...ofArchives(), ...flags);
    expect(stderr).toMatch(/model\.imageMaxDimm.*imageMaxDim/);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });

  test('a path that is not there, and masks that are none, are named', async () => {
    const { images } = archives;
    await expect(openPairs({ ...archives, images: 'nowhere.zip' })).rejects.toThrow(
      /--images: there is no file.*nowhere\.zip/,
    );
    await expect(openPairs({ images, masks: images })).rejects.toThrow(
      /No image has a mask.*NAME_segmentation\.png/,
    );
  });

  test('an augmentation may be a preset, text or a file, and a wrong one is named', async () => {
    const flip = { op: 'fliplr', p: 0.5 };
    await writeFile(place('flip.yaml'), 'op: fliplr\np: 0.5\n');
    expect(augmentationOf(place('flip.yaml'))).toEqual(flip);
    expect(augmentationOf('{ op: fliplr, p: 0.5 }')).toEqual(flip);
    expect(augmentationOf('recipe')).toMatchObject({ op: 'someOf' });
    expect(() => augmentationOf('[{ op: fliplrr }]')).toThrow(/--augment is not valid.*fliplr/s);
    expect(() => augmentationOf('[{')).toThrow(/--augment cannot be read/);
  });
});

describe('near-duplicates across the split', () => {
  test('a planted one is found over http, drawn, and said first; the run would split the same', async () => {
    const set = await writeSyntheticArchives({
      folder: place('split'),
      count: 12,
      size: 96,
      seed: 8,
    });
    const folder = place('planted');
    await using files = await startFileServer({ folder: home.path });
    const opened = await openPairs(set);
    const { training, validation } = splitIds(
      opened.pairs.map(({ id }) => id),
      { seed: 3, validationShare: 0.25 },
    );
    // The first picture of the training part takes the place of the first one of validation, brighter and smaller.
    const [original = '', twin = ''] = [training[0], validation[0]];
    const members = { images: [] as Member[], masks: [] as Member[] };
    for (const { id, image, mask } of opened.pairs) {
      const source = opened.pairs.find((pair) => pair.id === (id === twin ? original : id));
      const read = async (key = '') => Buffer.from(await opened.store.get(key));
      const [jpg, png] = await Promise.all([read(source?.image.key), read(source?.mask.key)]);
      const isTwin = id === twin;
      const brighter = sharp(jpg).linear(1.05, 4).jpeg({ quality: 70 });
      members.images.push({ name: image.path, contents: isTwin ? await brighter.toBuffer() : jpg });
      members.masks.push({ name: mask.path, contents: png });
    }
    await opened[Symbol.asyncDispose]();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'i.zip'), zipOf(members.images));
    await writeFile(join(folder, 'm.zip'), zipOf(members.masks));

    const url = (name: string) => `${files.url}/planted/${name}.zip`;
    const { code, stdout, stderr } = await inspect(
      ...['data', '--images', url('i'), '--masks', url('m'), '--out', place('leak'), '--json'],
      ...['--preset', 'tiny', '--set', 'split.seed=3', '--set', 'split.validationShare=0.25'],
    );
    expect([code, stderr]).toEqual([0, '']);
    const { nearDuplicates, findings, split } = dataReportSchema.parse(JSON.parse(stdout));
    expect(split).toEqual({ seed: 3, validationShare: 0.25, training: 9, validation: 3 });
    expect(nearDuplicates).toHaveLength(1);
    expect([...(nearDuplicates[0]?.ids ?? [])].sort()).toEqual([original, twin].sort());
    expect([...(nearDuplicates[0]?.parts ?? [])].sort()).toEqual(['training', 'validation']);
    expect(findings[0]?.kind).toBe('split-leak');
    expect((await sharp(place('leak/split-leak.png')).metadata()).width).toBeGreaterThan(500);
  });
});

describe('inspect model', () => {
  const config = tinyConfig();
  const flags = () => ['--weights', place('tiny.h5'), '--config', place('tiny.json')];
  const seen = () => ['--image', place('seen.jpg'), '--mask', place('seen.png')];

  beforeAll(async () => {
    using parameters = Parameters.initialise(config, 3);
    await saveWeights(parameters, place('tiny.h5'));
    await writeFile(place('tiny.json'), JSON.stringify({ model: config }));
    await writeFile(place('seen.jpg'), await jpeg(80, 60));
    await writeFile(place('seen.png'), await lesionPng(80, 60));
  });

  test('statistics of the weights need neither a config nor an image, and flag what is dead', async () => {
    const { code, stdout } = await inspect(
      'model',
      '--weights',
      place('tiny.h5'),
      '--out',
      place('m'),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/tiny\.h5: \d+ weights, [\d,]+ numbers, \d+ flagged/);
    expect(stdout).toMatch(/bn_conv1\/gamma .*dead\?/);
    expect(stdout).not.toMatch(/conv1\/kernel .*dead\?/);
    const table = readFileSync(place('m/weights.txt'), 'utf8').trim().split('\n');
    const numbers = JSON.parse(readFileSync(place('m/weights.json'), 'utf8')) as unknown[];
    expect(table).toHaveLength(1 + numbers.length);
    expect((await sharp(place('m/weights.png')).metadata()).format).toBe('png');
    expect(existsSync(place('m/instances.png'))).toBe(false);
  });

  test('an image with its truth gives every picture and the numbers', async () => {
    const args = [...flags(), ...seen(), '--classes', 'disc', '--format', 'svg', '--json'];
    const { code, stdout } = await inspect('model', ...args, '--out', place('all'));
    expect(code).toBe(0);
    const numbers = JSON.parse(stdout) as {
      readonly detections: readonly { readonly classId: number; readonly score: number }[];
      readonly rois: { readonly positive: number; readonly negative: number };
      readonly ap50: number;
      readonly trainingRois: { readonly positive: number; readonly negative: number };
      readonly files: readonly string[];
    };
    const names = [
      'instances',
      'top-masks',
      'rpn-anchors',
      'rois',
      'differences',
      'precision-recall',
      'training-rois',
    ];
    expect(numbers.files).toEqual(
      expect.arrayContaining(names.map((name) => place(`all/${name}.svg`))),
    );
    const svg = (name: string) => readFileSync(place(`all/${name}.svg`), 'utf8');

    expect(numbers.ap50).toBeGreaterThanOrEqual(0);
    expect(elementsOf(svg('instances'), 'contour')).toHaveLength(numbers.detections.length);
    expect(textsOf(svg('instances')).slice(1)).toEqual(
      numbers.detections.length === 0
        ? ['no instances']
        : numbers.detections.map(({ score }) => `disc ${score.toFixed(3)}`),
    );
    expect(elementsOf(svg('rpn-anchors'), 'refined')).toHaveLength(30);
    const { positive, negative } = numbers.rois;
    expect(positive + negative).toBeGreaterThan(0);
    expect(positive + negative).toBeLessThanOrEqual(config.postNmsRoisInference);
    expect(textsOf(svg('rois'))[0]).toContain(`${positive} positive, ${negative} negative`);
    const { positive: trained } = numbers.trainingRois;
    expect(elementsOf(svg('training-rois'), 'refined')).toHaveLength(trained);
    expect(textsOf(svg('differences'))[0]).toContain(
      `of 1 found, ${numbers.detections.length} predicted`,
    );
    expect(textsOf(svg('precision-recall'))[0]).toContain(`AP@50 = ${numbers.ap50.toFixed(3)}`);
  });

  test('a class that the model lacks ends with code 2, weights of another shape with code 1', async () => {
    const mask = ['--image', place('seen.jpg'), '--mask', `2=${place('seen.png')}`];
    const lacking = await inspect('model', ...flags(), ...mask, '--out', place('bad'));
    expect([lacking.code, lacking.stderr]).toEqual([
      2,
      expect.stringContaining('classes 1 to 1, got class 2'),
    ]);
    const shape = ['--set', 'model.fpnClassifFcLayersSize=32', '--out', place('bad')];
    const other = await inspect('model', ...flags(), ...seen(), ...shape);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining('tiny.h5 does not fit'),
    ]);
  });

  test('what is missing or does not go together is named', async () => {
    const common = {
      weights: place('tiny.h5'),
      out: place('bad'),
      format: 'png',
      seed: 0,
    } as const;
    await expect(runInspectModel({ ...common, weights: 'no.h5' })).rejects.toThrow(
      /There is no file no\.h5/,
    );
    await expect(runInspectModel({ ...common, mask: ['a.png'] })).rejects.toThrow(
      /--mask is the truth of an image/,
    );
    await expect(weightsSource('champion', { preset: 'tiny' }, {})).rejects.toThrow(
      /champion has its own config/,
    );
    await expect(readPicture(place('no.png'))).rejects.toThrow(
      /no\.png cannot be used: there is no such file/,
    );
    await expect(readPicture(place('tiny.json'))).rejects.toThrow(
      /tiny\.json cannot be used: neither JPEG nor PNG/,
    );
    await writeFile(place('other.png'), await lesionPng(SIDE, SIDE));
    const image = await readPicture(place('seen.jpg'));
    await expect(readTruth(place('other.png'), image)).rejects.toThrow(
      /other\.png is 64 x 64, the image 80 x 60/,
    );
    expect(await readTruth(`3=${place('seen.png')}`, image)).toMatchObject({
      classId: 3,
      box: [16, 21, 45, 60],
    });
  });

  test('help shows examples', async () => {
    const { code, stdout } = await inspect('model', '--help');
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('Examples:\n  lesionflow inspect model'),
    ]);
  });
});
