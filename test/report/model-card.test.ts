/** The model card says what it was given, and its tables are well-formed. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { distributionOf } from '../../report/distribution.ts';
import { renderModelCard, type ModelCardFacts } from '../../report/model-card.ts';

const hash = (digit: string) => digit.repeat(64);
const scores = (jaccard: number) => ({
  jaccard,
  thresholdJaccard: jaccard >= 0.65 ? jaccard : 0,
  dice: 0.8,
  sensitivity: 0.81,
  specificity: 0.92,
  accuracy: 0.9,
});

const FACTS: ModelCardFacts = {
  model: 'lesion',
  version: 7,
  config: maskRcnnConfigSchema.parse({ backbone: 'resnet50', imageMinDim: 128, imageMaxDim: 128 }),
  classNames: ['background', 'lesion'],
  scores: { ...scores(0.7123), thresholdJaccard: 0.6542 },
  images: [0.9, 0.8, 0.7, 0].map((jaccard, at) => ({
    id: `ISIC_${String(at)}`,
    confidence: jaccard === 0 ? null : 0.9,
    scores: scores(jaccard),
  })),
  lineage: {
    runId: 'run-1',
    dataset: { name: 'isic', manifestKey: 'd', hash: hash('1'), pairs: 20, quarantined: 3 },
    archives: { images: hash('2'), masks: hash('3') },
    split: { key: 's', hash: hash('4'), training: 16, validation: 4 },
    records: { manifestKey: 'r', hash: hash('5'), size: 128, records: 20 },
    checkpoint: { manifestKey: 'c', hash: hash('6'), stage: 'all', epoch: 9, stepInEpoch: 100 },
    evaluation: { key: 'e', hash: hash('7'), images: 4, scores: scores(0.7) },
    configHash: hash('8'),
    codeHash: hash('9'),
  },
};

describe('the model card', () => {
  const card = renderModelCard(FACTS);

  test('holds every score, and every hash of the lineage', () => {
    expect(card).toMatch(/Threshold Jaccard.*\| 0\.6542 \|/);
    expect(card).toMatch(/\| Jaccard \| 0\.7123 \|/);
    for (const digit of '123456789') expect(card).toContain(hash(digit));
    expect(card).toContain('16 pairs for training');
    expect(card).toContain('75.0 % of the images reach 0.65; in 1 no lesion was found');
    expect(card).toContain('lesionflow predict image.jpg --model lesion@7');
  });

  test('has tables whose rows have as many cells as their heads', () => {
    for (const table of card.match(/(^\|.*\n)+/gm) ?? []) {
      const cells = table
        .trim()
        .split('\n')
        .map((row) => row.split('|').length);
      expect(new Set(cells).size).toBe(1);
    }
    expect(card).not.toMatch(/undefined|NaN|\[object/);
  });
});

test('quantiles rise from the worst to the best image, and the tenths count every image', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(unit, { minLength: 1 }), (values) => {
      const { quantiles, tenths } = distributionOf(values);
      expect(quantiles[0]?.value).toBe(Math.min(...values));
      expect(quantiles.at(-1)?.value).toBe(Math.max(...values));
      quantiles.reduce((before, { value }) => {
        expect(value).toBeGreaterThanOrEqual(before - 1e-12);
        return value;
      }, 0);
      expect(tenths.reduce((sum, count) => sum + count)).toBe(values.length);
    }),
  );
});
