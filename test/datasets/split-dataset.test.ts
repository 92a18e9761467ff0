import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { splitManifestSchema } from '../../contracts/manifests.ts';
import { TooFewPairsError } from '../../datasets/errors.ts';
import { splitDataset, splitIds } from '../../datasets/split-dataset.ts';
import { readNamedDocument, writeDocument } from '../../storage/documents.ts';
import { withTestStore } from '../support/servers.ts';

const server = withTestStore();

const ids = (count: number) => Array.from({ length: count }, (_, i) => `ISIC_${String(i)}`);

describe('the split', () => {
  test("of ISIC 2018's 2,594 pairs is 2,075 and 519", () => {
    const { training, validation } = splitIds(ids(2594), { seed: 42, validationShare: 0.2 });
    expect([training.length, validation.length]).toEqual([2075, 519]);
  });

  test('keeps every id once, sorted, whatever their order was; both parts have some', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 60 }),
        fc.nat(),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (names, seed, validationShare) => {
          const split = splitIds(names, { seed, validationShare });
          const { training, validation } = split;
          expect([...training, ...validation].sort()).toEqual([...names].sort());
          expect(Math.min(training.length, validation.length)).toBeGreaterThan(0);
          expect(training).toEqual([...training].sort());
          expect(splitIds([...names].reverse(), { seed, validationShare })).toEqual(split);
          expect(Math.abs(validation.length - validationShare * names.length)).toBeLessThanOrEqual(
            1,
          );
        },
      ),
    );
  });

  test('means whole numbers where floating point falls short', () => {
    expect(splitIds(ids(10), { seed: 1, validationShare: 0.9 }).training).toHaveLength(1);
    expect(splitIds(ids(20), { seed: 1, validationShare: 0.35 }).training).toHaveLength(13);
  });

  test('draws another part of the data under another seed', () => {
    const one = splitIds(ids(100), { seed: 1, validationShare: 0.2 });
    const two = splitIds(ids(100), { seed: 2, validationShare: 0.2 });
    expect(one).not.toEqual(two);
    expect(splitIds(ids(100), { seed: 1, validationShare: 0.2, maxPairs: 10 })).toMatchObject({
      training: { length: 8 },
      validation: { length: 2 },
    });
  });

  test('is a document under its own hash', async () => {
    const { store } = server();
    const dataset = async (count: number) => {
      const key = `datasets/x/${String(count)}.json`;
      const { hash } = await writeDocument(store, key, {
        kind: 'dataset',
        name: 'x',
        archives: { images: 'a'.repeat(64), masks: 'b'.repeat(64) },
        pairs: ids(count).map((id) => ({
          id,
          imageKey: 'i',
          maskKey: 'm',
          width: 4,
          height: 3,
          lesionShare: 0.5,
        })),
        quarantined: [],
      });
      return { name: 'x', manifestKey: key, hash, pairs: count, quarantined: 0 };
    };
    const given = { store, seed: 42, validationShare: 0.2 };
    const split = await splitDataset({ ...given, dataset: await dataset(10) });
    expect(split).toMatchObject({ training: 8, validation: 2, key: `splits/${split.hash}.json` });
    expect(await splitDataset({ ...given, dataset: await dataset(10) })).toEqual(split);
    const manifest = await readNamedDocument(store, split, splitManifestSchema);
    expect(manifest.training).toHaveLength(8);
    await expect(splitDataset({ ...given, dataset: await dataset(1) })).rejects.toThrow(
      TooFewPairsError,
    );
  });
});
