import { describe, expect, test } from '@jest/globals';
import { epochBatches, epochOrder } from '../../../maskrcnn/data/epoch-order.ts';

describe('the order of an epoch', () => {
  const ids = Array.from({ length: 20 }, (_, i) => `ISIC_${String(i)}`);

  test('is a permutation that changes from epoch to epoch and is the same again', () => {
    const first = epochOrder(ids, { seed: 1, epoch: 1 });
    expect([...first].sort()).toEqual([...ids].sort());
    expect(epochOrder([...ids].reverse(), { seed: 1, epoch: 1 })).toEqual(first);
    expect(epochOrder(ids, { seed: 1, epoch: 2 })).not.toEqual(first);
    expect(epochOrder(ids, { seed: 2, epoch: 1 })).not.toEqual(first);
  });

  test('shows every image once before any twice, for as many steps as asked', () => {
    const batches = epochBatches(ids, { seed: 1, epoch: 1, steps: 15, batchSize: 3 });
    expect(batches.map(({ length }) => length)).toEqual(Array(15).fill(3));
    const flat = batches.flat();
    expect(new Set(flat.slice(0, 20)).size).toBe(20);
    expect(new Set(flat.slice(20, 40)).size).toBe(20);
    expect(epochBatches([], { seed: 1, epoch: 1, steps: 3, batchSize: 1 })).toEqual([]);
  });
});
