/** What a checkpoint may be gone on from under. */
import { describe, expect, test } from '@jest/globals';
import { augmentationSchema } from '../../augmentation/schema.ts';
import { epochHashes } from '../../trainer/checkpoints/epoch-hashes.ts';
import { isDamage, requireSameRun } from '../../trainer/checkpoints/soundness.ts';
import type { CheckpointManifest } from '../../contracts/manifests.ts';
import { DiskFullError, WeightFileError } from '../../maskrcnn/errors.ts';
import {
  HashMismatchError,
  ObjectNotFoundError,
  StoreUnreachableError,
} from '../../storage/errors.ts';
import { epochTask } from './fixtures/epoch-task.ts';

const hash = (digit: string) => digit.repeat(64);
const hashes = { recipe: hash('1'), data: hash('2'), code: hash('3') };
const place = { stage: 'heads', epoch: 2, stepInEpoch: 3 };
const checkpoint = { manifestKey: 'm', hash: hash('4'), ...place };
const manifestWith = (changed: Partial<typeof hashes>) =>
  ({ ...place, hashes: { ...hashes, ...changed } }) as CheckpointManifest;

describe('a checkpoint', () => {
  test('of other code is gone on from, with a warning', () => {
    const same = { checkpoint, hashes, stage: 'heads' };
    expect(requireSameRun({ ...same, manifest: manifestWith({}) })).toEqual([]);
    const manifest = manifestWith({ code: hash('9') });
    expect(requireSameRun({ ...same, manifest })).toEqual([
      expect.stringMatching(/other code \(999999999999\).*bits may differ/),
    ]);
  });

  test('of the stage before has another recipe, and the same data', () => {
    const next = { checkpoint, hashes, stage: 'all' };
    expect(requireSameRun({ ...next, manifest: manifestWith({ recipe: hash('9') }) })).toEqual([]);
    expect(() => requireSameRun({ ...next, manifest: manifestWith({ data: hash('9') }) })).toThrow(
      /another split/,
    );
  });

  test('is damaged when it is not what was saved, not when it cannot be reached or kept', () => {
    const mismatch = new HashMismatchError({ key: 'k', expected: hash('1'), actual: hash('2') });
    const missing = new ObjectNotFoundError({ bucket: 'b', key: 'k' });
    const unreadable = new WeightFileError('w.h5', 'truncated file');
    expect([mismatch, missing, unreadable].map(isDamage)).toEqual([true, true, true]);
    const away = new StoreUnreachableError({ endpoint: 'e', reason: 'ECONNREFUSED' });
    const others = [away, new DiskFullError('w.h5'), new TypeError('a bug'), undefined];
    expect(others.map(isDamage)).toEqual([false, false, false, false]);
  });
});

test('more epochs are the same recipe; another rate, seed or augmentation is not', async () => {
  const { input } = epochTask('run');
  const { recipe, data } = await epochHashes(input);
  const more = await epochHashes({ ...input, stage: { ...input.stage, epochs: 99 } });
  expect(more).toMatchObject({ recipe, data });
  const others = await Promise.all([
    epochHashes({ ...input, stage: { ...input.stage, learningRate: 0.5 } }),
    epochHashes({ ...input, seed: input.seed + 1 }),
    epochHashes({ ...input, augmentation: augmentationSchema.parse('recipe') }),
  ]);
  expect(new Set([recipe, ...others.map((other) => other.recipe)]).size).toBe(4);
  const split = { ...input.split, hash: hash('b') };
  expect((await epochHashes({ ...input, split })).data).not.toBe(data);
});
