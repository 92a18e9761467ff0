/** Proposals change in the right direction with the data, the machine and the hours, and leave alone what is given. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { autoPresetFor } from '../../../cli/auto-preset.ts';
import { propose, type ProposeOptions } from '../../../datasets/fingerprint/propose.ts';
import { proposeRecipe } from '../../../datasets/fingerprint/propose-recipe.ts';
import { proposeSize } from '../../../datasets/fingerprint/propose-size.ts';
import { stepMemory, stepSeconds } from '../../../datasets/fingerprint/training-cost.ts';
import { measured, withSides } from './invented-pairs.ts';

const CPU = { cores: 2, memory: 24, hasGpu: false };
const NO_DATA = { dataset: 'd', images: 'file:///i.zip', masks: 'file:///m.zip' };
const range = (count: number) => Array.from({ length: count }, (_, index) => index);
const usual = range(40).map((index) => 0.2 + 0.015 * index);
const smaller = usual.map((side) => side / 4);

describe('training cost', () => {
  test('the lines lie within a sixth of what was measured', () => {
    const folder = new URL('../../../bench/results/', import.meta.url);
    const name = readdirSync(folder).find((file) => file.endsWith('.json')) ?? '';
    interface Entry {
      readonly name: string;
      readonly milliseconds: readonly number[];
      readonly peakResidentBytes: number;
    }
    interface Case {
      readonly case: {
        readonly kind: string;
        readonly size: number;
        readonly batch: number;
        readonly precision: string;
      };
      readonly entries: readonly Entry[];
    }
    const { cases } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
      readonly cases: readonly Case[];
    };
    const training = cases.filter(
      ({ case: { kind, precision } }) => kind === 'train-all' && precision === 'float32',
    );
    expect(training.length).toBeGreaterThanOrEqual(4);
    for (const {
      case: { size: side, batch },
      entries,
    } of training) {
      const ours = entries.find((entry) => entry.name === 'LesionFlow');
      const sorted = [...(ours?.milliseconds ?? [])].sort((a, b) => a - b);
      const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
      expect(Math.abs((1000 * stepSeconds({ side, batch }, CPU)) / median - 1)).toBeLessThan(1 / 6);
      expect(
        Math.abs((1e9 * stepMemory({ side, batch })) / (ours?.peakResidentBytes ?? 0) - 1),
      ).toBeLessThan(1 / 6);
    }
  });

  test('more cores are faster, but not by as many times', () => {
    const shape = { side: 256, batch: 4 };
    const [two, eight] = [stepSeconds(shape, CPU), stepSeconds(shape, { ...CPU, cores: 8 })];
    expect(eight).toBeLessThan(two);
    expect(eight).toBeGreaterThan(two / 4);
  });
});

describe('image size', () => {
  const options = { trainingPairs: 100, machine: CPU, hours: 5 };

  test('smaller lesions want a larger one', () => {
    const [large, small] = [usual, smaller].map((sides) =>
      proposeSize({ ...options, measures: withSides(sides) }),
    );
    expect(large?.side).toBe(128);
    expect(small?.side).toBeGreaterThan(256);
    expect(small?.reason).toMatch(/a small lesion \(1 in 20\) is \d+ px/);
  });

  test('less time or memory makes it smaller again, and the reason says which', () => {
    const measures = withSides(smaller);
    const free = proposeSize({ ...options, measures });
    const hasty = proposeSize({ ...options, measures, hours: 0.05 });
    const cramped = proposeSize({ ...options, measures, machine: { ...CPU, memory: 2.7 } });
    expect(hasty.side).toBeLessThan(free.side);
    expect(hasty.reason).toContain('0.05 h');
    // However few the pictures are, learning from them takes its time.
    const few = { ...options, measures, hours: 0.2, trainingPairs: 5 };
    expect(proposeSize(few).side).toBeLessThan(free.side);
    expect(cramped.side).toBeLessThan(free.side);
    expect(cramped.reason).toMatch(/3 GB of memory/);
  });

  test('it is never above what the pictures have', () => {
    const measures = withSides(usual.map((side) => side / 30));
    expect(proposeSize({ ...options, measures, hours: 100 }).side).toBe(640);
  });
});

describe('length', () => {
  const options = {
    side: 128,
    trainingPairs: 2000,
    validationPairs: 500,
    machine: CPU,
    hours: 1,
    effectiveBatch: 8,
  };

  test('more hours are more looks at each picture, up to a limit; training keeps to its hours', () => {
    const passes = [0.5, 1, 2, 100].map((hours) => {
      const { passes: seen, minutes } = proposeRecipe({ ...options, hours });
      expect(minutes).toBeLessThanOrEqual(60 * hours);
      return seen;
    });
    expect(passes).toEqual(passes.toSorted((a, b) => a - b));
    expect(passes[0]).toBeLessThan(passes[1] ?? 0);
    expect(passes[3]).toBeLessThanOrEqual(42);
  });

  test('little memory makes small batches and gathers them to the same step', () => {
    const { batch, accumulation } = proposeRecipe({
      ...options,
      side: 512,
      machine: { ...CPU, memory: 6 },
    });
    expect(batch).toBeLessThan(8);
    expect(batch * accumulation).toBe(8);
  });

  test('few pictures are seen often enough, in epochs that are long enough to be worth an end', () => {
    const { stepsPerEpoch, epochs, passes } = proposeRecipe({
      ...options,
      trainingPairs: 60,
      validationPairs: 15,
    });
    expect(stepsPerEpoch).toBeGreaterThanOrEqual(25);
    expect(epochs).toBeGreaterThanOrEqual(2);
    expect(passes).toBeGreaterThan(20);
  });
});

describe('the whole of it', () => {
  const proposed = (changes: Partial<ProposeOptions> = {}, flags = {}) => {
    const auto = autoPresetFor({ ...NO_DATA, ...flags });
    const measures = withSides(usual);
    return propose({ measures, pairs: 500, ...auto, machine: CPU, hours: 1, ...changes });
  };
  const valueOf = (proposals: ReturnType<typeof propose>, option: string) =>
    proposals.find(({ options }) => option in options)?.options[option];

  test('every proposal says why in whole sentences, and what was there before', () => {
    const all = proposed();
    expect(all.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'image size',
        'anchors',
        'batch',
        'length',
        'instances',
        'mean pixel',
      ]),
    );
    for (const { reason, options, before } of all) {
      expect(reason).toMatch(/^[A-Z].*\.$/s);
      expect(reason).not.toMatch(/NaN|undefined|Infinity/);
      expect(Object.keys(before)).toEqual(Object.keys(options));
    }
    expect(proposed()).toEqual(all);
  });

  test('the mean pixel is measured from scratch, and stays with weights that know theirs', () => {
    expect(valueOf(proposed(), 'model.meanPixel')).toEqual([180, 140, 130]);
    const coco = proposed({}, { weights: 'coco' });
    expect(valueOf(coco, 'model.meanPixel')).toEqual([123.7, 116.8, 103.9]);
    expect(coco.find(({ what }) => what === 'mean pixel')?.reason).toMatch(
      /weights were trained with it/,
    );
  });

  test('what is set is left alone and built upon, under either name', () => {
    const set = [
      'model.IMAGE_MAX_DIM=320',
      'training.stages.0.epochs=3',
      'model.meanPixel=[1,2,3]',
    ];
    const all = proposed({}, { set });
    const touched = all.flatMap(({ options }) => Object.keys(options));
    expect(touched).not.toContain('model.imageMaxDim');
    expect(touched).not.toContain('training.stages.0.epochs');
    expect(touched).not.toContain('model.meanPixel');
    expect(valueOf(all, 'model.imageMinDim')).toBe(320);
    const scales = valueOf(all, 'model.rpnAnchorScales') as number[];
    const small = valueOf(proposed(), 'model.rpnAnchorScales') as number[];
    expect(scales[2]).toBeGreaterThan(1.5 * (small[2] ?? 0));
  });

  test('pictures that are seen often are augmented strongly, others not', () => {
    expect(valueOf(proposed({ pairs: 200 }), 'training.augmentation')).toBe('dermoscopy');
    expect(valueOf(proposed({ pairs: 20_000 }), 'training.augmentation')).toBeUndefined();
  });

  test('two stages share the epochs as their preset does', () => {
    const all = proposed({ measures: [measured({ id: 'a' })] }, { weights: 'coco' });
    const epochs = [0, 1].map((stage) => valueOf(all, `training.stages.${String(stage)}.epochs`));
    expect(epochs[0]).toBe(epochs[1]);
  });
});
