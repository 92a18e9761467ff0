/** The first pairs of the real ISIC archives, through every step. */
import { readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import yauzl from 'yauzl';
import { prepareRecords } from '../../datasets/prepare-records.ts';
import { openRecords } from '../../datasets/record-set.ts';
import { splitDataset } from '../../datasets/split-dataset.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { describeWithShared, sharedPath } from '../support/shared.ts';
import { withTestStore } from '../support/servers.ts';
import { datasetOf } from './support.ts';
import type { Member } from './zips.ts';

const FOLDER = 'isic2018-512';
const COUNT = 30;

async function firstMembers(name: string): Promise<Member[]> {
  const zip = await yauzl.fromBufferPromise(await readFile(sharedPath(`${FOLDER}/${name}.zip`)));
  const members: Member[] = [];
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName.endsWith('/')) continue;
    const contents = await buffer(await zip.openReadStreamPromise(entry));
    members.push({ name: entry.fileName, contents });
    if (members.length === COUNT) break;
  }
  return members;
}

describeWithShared('real ISIC pairs', FOLDER, () => {
  const server = withTestStore();

  test('become records without a loss', async () => {
    const { store } = server();
    const dataset = await datasetOf(store, {
      dataset: 'isic',
      images: await firstMembers('ISIC2018_Task1-2_Training_Input'),
      masks: await firstMembers('ISIC2018_Task1_Training_GroundTruth'),
      maxQuarantinedShare: 0,
    });
    expect(dataset).toMatchObject({ pairs: COUNT, quarantined: 0 });
    const split = await splitDataset({ store, dataset, seed: 42, validationShare: 0.2 });
    expect(split).toMatchObject({ training: 24, validation: 6 });
    const config = maskRcnnConfigSchema.parse({ imageMinDim: 128, imageMaxDim: 128 });
    const records = await prepareRecords({ store, dataset, split, config });
    expect(records).toMatchObject({ records: COUNT, size: 128 });

    const cacheFolder = await mkdtemp(join(tmpdir(), 'lesionflow-real-'));
    await using set = await openRecords({ store, records, cacheFolder });
    const images = await Promise.all(set.ids.map((id) => set.read(id)));
    for (const { window, scale, instances, originalSize } of images) {
      expect({ window, scale, originalSize }).toEqual({
        window: [0, 0, 128, 128],
        scale: 0.25,
        originalSize: [512, 512],
      });
      expect(instances[0]?.mask.includes(1)).toBe(true);
    }
    await rm(cacheFolder, { recursive: true });
  });
});
