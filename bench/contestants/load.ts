/** Reading a batch, in one thread of JavaScript: records on disk → decoded → augmented → arrays of the step. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { augment } from '../../augmentation/augment.ts';
import { augmentationSchema } from '../../augmentation/schema.ts';
import { decodeRecord, encodeRecord } from '../../datasets/records/record.ts';
import { buildBatch, randomStream } from '../../maskrcnn/index.ts';
import type { Prepare } from '../protocol.ts';
import { annotatedImages, configOf, SEED } from './model.ts';
import type { Work } from './serve.ts';

/** The stronger of the pipeline's presets for skin. */
const PRESET = 'dermoscopy';

export async function loadWork(request: Prepare): Promise<Work> {
  const config = configOf(request.case);
  const spec = augmentationSchema.parse(PRESET);
  const images = await annotatedImages(request.pictures, request.case.size);
  const folder = mkdtempSync(join(tmpdir(), 'lesionflow-bench-records-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const records = await Promise.all(
    images.map(async (image, index) => {
      const { header, data } = await encodeRecord(image);
      const path = join(folder, `${String(index)}.record`);
      writeFileSync(path, data);
      return { header, path };
    }),
  );
  let pass = 0;
  return {
    library: `sharp and this code on Node.js ${process.version}`,
    run: async () => {
      const key = pass++;
      const began = performance.now();
      const read = await Promise.all(
        records.map(async ({ header, path }, index) => {
          const data = await readFile(path);
          const image = await decodeRecord(header, ({ offset, bytes }) =>
            Promise.resolve(data.subarray(offset, offset + bytes)),
          );
          return augment(image, spec, randomStream(SEED, 'augment', key, index));
        }),
      );
      const built = performance.now();
      buildBatch(read, config, randomStream(SEED, 'batch', key));
      const ended = performance.now();
      return { milliseconds: ended - began, parts: { 'building the batch': ended - built } };
    },
  };
}
