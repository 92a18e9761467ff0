/** Which pairs are usable, and what is said of the others. */
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { datasetManifestSchema } from '../../contracts/manifests.ts';
import { EmptyDatasetError, TooManyQuarantinedError } from '../../datasets/errors.ts';
import { inspectDataset } from '../../datasets/inspect-dataset.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import { withTestStore } from '../support/servers.ts';
import { datasetOf, rawOf } from './support.ts';
import { greyPng, jpeg, lesionPng, oneBitPng, zipOf, type Member } from './zips.ts';

const server = withTestStore();

/** Inspects one pair beside a good one; gives what was quarantined. */
async function quarantineOf(image: Buffer, mask: Buffer, dataset: string) {
  const { store } = server();
  const reference = await datasetOf(store, {
    dataset,
    images: [
      { name: 'x/ISIC_1.jpg', contents: image },
      { name: 'x/ISIC_9.jpg', contents: await jpeg(40, 30, 200) },
    ],
    masks: [
      { name: 'y/ISIC_1_segmentation.png', contents: mask },
      { name: 'y/ISIC_9_segmentation.png', contents: await lesionPng(40, 30) },
    ],
  });
  const key = reference.manifestKey;
  const { pairs, quarantined } = await readNamedDocument(
    store,
    { key, hash: reference.hash },
    datasetManifestSchema,
  );
  expect(pairs.map(({ id }) => id)).toContain('ISIC_9');
  return quarantined;
}

describe('a data set', () => {
  test('pairs images and masks by id, from whatever folder', async () => {
    const { store } = server();
    const images: Member[] = [
      { name: 'ISIC2018_Task1-2_Training_Input/ISIC_0000002.jpg', contents: await jpeg(40, 30, 2) },
      { name: 'other/deep/ISIC_0000001.JPG', contents: await jpeg(30, 40, 1) },
      { name: 'ISIC_0000001_superpixels.png', contents: await greyPng(30, 40, (x) => x) },
    ];
    const masks: Member[] = [
      { name: 'ISIC_0000002_segmentation.png', contents: await lesionPng(40, 30) },
      { name: 'a/ISIC_0000001_segmentation.png', contents: await lesionPng(30, 40) },
    ];
    const reference = await datasetOf(store, { dataset: 'paired', images, masks });
    expect(reference).toMatchObject({ name: 'paired', pairs: 2, quarantined: 0 });
    const manifest = await readNamedDocument(
      store,
      { key: reference.manifestKey, hash: reference.hash },
      datasetManifestSchema,
    );
    expect(manifest.pairs).toMatchObject([
      { id: 'ISIC_0000001', width: 30, height: 40 },
      { id: 'ISIC_0000002', width: 40, height: 30 },
    ]);
    expect(manifest.pairs[1]?.lesionShare).toBeCloseTo((19 / 40) * (15 / 30), 1);
    // The same archives under another order of entries are the same data set, but for the archives' hashes.
    const again = await datasetOf(store, { dataset: 'paired', images, masks });
    expect(again).toEqual(reference);
  });

  test('quarantines what cannot be used, each with its reason', async () => {
    const good = await jpeg(40, 30);
    const mask = await lesionPng(40, 30);
    const colour = await sharp(mask).toColourspace('srgb').png({ palette: false }).toBuffer();
    const cases: [reason: string, detail: RegExp, image: Buffer, mask: Buffer][] = [
      [
        'image-format',
        /ISIC_1\.jpg.*neither JPEG nor PNG.*"just text"/,
        Buffer.from('just text'),
        mask,
      ],
      ['image-format', /neither JPEG nor PNG/, Buffer.from('<svg width="40" height="30"/>'), mask],
      ['undecodable', /ISIC_1\.jpg/, good.subarray(0, good.length - 60), mask],
      ['undecodable', /ISIC_1_segmentation\.png/, good, mask.subarray(0, 60)],
      ['size-mismatch', /image is 40 x 30, the mask 30 x 40/, good, await lesionPng(30, 40)],
      ['mask-channels', /3 channels/, good, colour],
      [
        'mask-values',
        /3 values \(0, 1, 255\)/,
        good,
        await greyPng(40, 30, (x, y) => (x === 0 && y === 0 ? 1 : x > 20 ? 255 : 0)),
      ],
      [
        'mask-values',
        /2 values \(10, 200\)/,
        good,
        await greyPng(40, 30, (x) => (x > 20 ? 200 : 10)),
      ],
      ['mask-empty', /every pixel is 0/, good, await greyPng(40, 30, () => 0)],
      ['mask-full', /every pixel is 255/, good, await greyPng(40, 30, () => 255)],
    ];
    for (const [i, [reason, detail, image, maskOf]] of cases.entries()) {
      const quarantined = await quarantineOf(image, maskOf, `case-${String(i)}`);
      expect(quarantined).toMatchObject([{ id: 'ISIC_1', reason }]);
      expect(quarantined[0]?.detail).toMatch(detail);
    }
  });

  test('takes masks of one bit, of a palette, and with the values 0 and 1', async () => {
    const mask = await lesionPng(40, 30);
    const oneBit = oneBitPng(40, 30, (x) => x > 20);
    const palette = await sharp(mask).png({ palette: true, colours: 2 }).toBuffer();
    const ones = await greyPng(40, 30, (x) => (x > 20 ? 1 : 0));
    for (const [i, variant] of [oneBit, palette, ones].entries()) {
      expect(await quarantineOf(await jpeg(40, 30), variant, `variant-${String(i)}`)).toEqual([]);
    }
  });

  test('pairs sizes as stored, and says so when an EXIF rotation explains a mismatch', async () => {
    const turned = await sharp(await jpeg(40, 30))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    expect(await quarantineOf(turned, await lesionPng(40, 30), 'exif-stored')).toEqual([]);
    const [odd] = await quarantineOf(turned, await lesionPng(30, 40), 'exif-turned');
    expect(odd).toMatchObject({ reason: 'size-mismatch' });
    expect(odd?.detail).toContain('EXIF');
  });

  test('quarantines ids and pictures that occur twice, and what has no partner', async () => {
    const { store } = server();
    const [one, two] = [await jpeg(40, 30, 1), await jpeg(40, 30, 2)];
    const mask = await lesionPng(40, 30);
    const reference = await datasetOf(store, {
      dataset: 'doubles',
      images: [
        { name: 'ISIC_1.jpg', contents: one },
        { name: 'ISIC_2.jpg', contents: one },
        { name: 'ISIC_3.jpg', contents: two },
        { name: 'again/ISIC_3.jpg', contents: await jpeg(40, 30, 3) },
        { name: 'ISIC_4.jpg', contents: await jpeg(40, 30, 4) },
      ],
      masks: ['1', '2', '3', '5'].map((n) => ({
        name: `ISIC_${n}_segmentation.png`,
        contents: mask,
      })),
    });
    const { quarantined, pairs } = await readNamedDocument(
      store,
      { key: reference.manifestKey, hash: reference.hash },
      datasetManifestSchema,
    );
    expect(pairs.map(({ id }) => id)).toEqual(['ISIC_1']);
    expect(quarantined.map(({ id, reason }) => [id, reason])).toEqual([
      ['ISIC_2', 'duplicate-image'],
      ['ISIC_3', 'duplicate-id'],
      ['ISIC_4', 'missing-mask'],
      ['ISIC_5', 'missing-image'],
    ]);
  });
});

describe('inspection fails', () => {
  const half = async () => ({
    images: [
      { name: 'ISIC_1.jpg', contents: await jpeg(40, 30, 1) },
      { name: 'ISIC_2.jpg', contents: Buffer.from('text') },
    ],
    masks: [
      { name: 'ISIC_1_segmentation.png', contents: await lesionPng(40, 30) },
      { name: 'ISIC_2_segmentation.png', contents: await lesionPng(40, 30) },
    ],
  });

  test('when too much is quarantined, naming the reasons with an example, and leaves no manifest', async () => {
    const { store } = server();
    const error: unknown = await datasetOf(store, {
      dataset: 'bad-half',
      ...(await half()),
      maxQuarantinedShare: 0.4,
    }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TooManyQuarantinedError);
    expect(String(error)).toMatch(/50\.0 %.*40\.0 %.*1 image-format, e\.g\. ISIC_2: ISIC_2\.jpg/);
    for await (const { key } of store.list('datasets/bad-half/manifests/')) {
      throw new Error(`unexpected ${key}`);
    }
  });

  test('also when an earlier run with a laxer limit has left its manifest', async () => {
    const { store } = server();
    await datasetOf(store, { dataset: 'lax', ...(await half()), maxQuarantinedShare: 0.5 });
    await expect(
      datasetOf(store, { dataset: 'lax', ...(await half()), maxQuarantinedShare: 0.4 }),
    ).rejects.toThrow(TooManyQuarantinedError);
  });

  test('when no pair is left, whatever the limit', async () => {
    const { store } = server();
    const { images, masks } = await half();
    const swapped = inspectDataset({
      store,
      dataset: 'swapped',
      images: await rawOf(store, 'swapped', zipOf(masks)),
      masks: await rawOf(store, 'swapped', zipOf(images)),
      maxQuarantinedShare: 1,
    });
    await expect(swapped).rejects.toThrow(EmptyDatasetError);
    await expect(swapped).rejects.toThrow(/the two archives were not swapped/);
  });
});
