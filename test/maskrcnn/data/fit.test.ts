/** The training loop on pictures of two classes made in memory. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfigInput } from '../../../maskrcnn/config.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import { fit, type FitEpoch, type FitOptions } from '../../../maskrcnn/training/fit.ts';
import { largestDifference } from '../library/golden.ts';
import { redAndBlue, shapesConfig, type Shapes } from './shapes.ts';

const RED = { sourceClass: 'shapes.1', box: [6, 6, 30, 30] } as const;
const BLUE = { sourceClass: 'shapes.2', box: [34, 30, 60, 58] } as const;

/** Three pictures with one to two instances of two classes. */
function pictures(): Shapes {
  return redAndBlue().add('a', [RED, BLUE]).add('b', [BLUE]).add('c', [RED]);
}

interface Outcome {
  readonly history: readonly FitEpoch[];
  readonly totals: readonly number[];
  /** Some numbers of the trained model. */
  readonly weights: readonly number[];
}

async function run(
  dataset: Shapes,
  changes: MaskRcnnConfigInput,
  options: Partial<FitOptions> = {},
): Promise<Outcome> {
  const config = shapesConfig({ validationSteps: 1, ...changes });
  using parameters = Parameters.initialise(config, 3);
  const totals: number[] = [];
  const history = await fit({
    config,
    parameters,
    dataset: dataset.prepare(),
    learningRate: 2e-3,
    epochs: 1,
    layers: 'all',
    seed: 7,
    onStep: ({ losses }) => totals.push(losses.total),
    ...options,
  });
  const weights = [...parameters.get('mrcnn_class_logits/kernel').dataSync().slice(0, 50)];
  return { history, totals, weights };
}

describe('fit', () => {
  it('lowers the loss of several classes and instances within few steps, and leaks no tensor', async () => {
    const before = tf.memory().numTensors;
    const validation = pictures().prepare();
    const { history, totals } = await run(
      pictures(),
      { stepsPerEpoch: 6 },
      { epochs: 2, validation, onEpochEnd: () => undefined },
    );
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(totals).toHaveLength(12);
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
    expect(mean(totals.slice(-3))).toBeLessThan(0.7 * mean(totals.slice(0, 3)));
    expect(history[0]?.losses.total).toBeCloseTo(mean(totals.slice(0, 6)), 5);
    // The heads' losses come and go with the positives that the RPN finds; its own are over all anchors.
    const rpn = ({ validation }: FitEpoch) =>
      (validation?.rpnClass ?? NaN) + (validation?.rpnBbox ?? NaN);
    expect(history.map(rpn)[1]).toBeLessThan(history.map(rpn)[0] ?? NaN);
    expect(tf.memory().numTensors).toBe(before);
  }, 240_000);

  it('gives the same numbers again, whatever the order in which images were added', async () => {
    const options: Partial<FitOptions> = { layers: 'heads', augment: flipSometimes };
    const first = await run(pictures(), { stepsPerEpoch: 3 }, options);
    const reordered = redAndBlue().add('c', [RED]).add('a', [RED, BLUE]).add('b', [BLUE]);
    const second = await run(reordered, { stepsPerEpoch: 3 }, options);
    // Not bit for bit: TensorFlow adds some gradients in the order in which its threads finish.
    second.totals.forEach((total, step) => {
      expect(Math.abs(total / (first.totals[step] ?? NaN) - 1)).toBeLessThan(1e-3);
    });
    expect(largestDifference(second.weights, first.weights)).toBeLessThan(1e-5);
    const other = await run(pictures(), { stepsPerEpoch: 3 }, { ...options, seed: 8 });
    expect(largestDifference(other.totals, first.totals)).toBeGreaterThan(0.1);
  }, 240_000);

  it('leaves a failing image out and says so; too many end the run with their names', async () => {
    const failed: string[] = [];
    const bad = pictures().add('broken', [], { broken: 'no such pixel' });
    const options: Partial<FitOptions> = {
      layers: 'heads',
      epochs: 2,
      onFailedImage: ({ name }) => failed.push(name),
    };
    const { history } = await run(bad, { stepsPerEpoch: 2 }, options);
    expect(history).toHaveLength(2);
    expect(failed).toEqual(['shapes.broken']);
    await expect(
      run(bad, { stepsPerEpoch: 2 }, { ...options, maxFailedImages: 0 }),
    ).rejects.toThrow(/shapes.broken: it is the 1th.*0 are allowed \(no such pixel\)/);
  }, 240_000);

  it('refuses data that it cannot train on before or as soon as it sees it', async () => {
    const empty = redAndBlue().add('a', []).add('b', []);
    await expect(run(empty, {}, { layers: 'heads' })).rejects.toThrow(
      /nothing to train on: each of the 2 images fails or has no instance/,
    );
    await expect(run(pictures(), { numClasses: 2 })).rejects.toThrow(
      /3 classes \(BG, red, blue\), but the config says numClasses 2/,
    );
  });

  it('stops where the caller says so: after an epoch, or by the signal', async () => {
    const stopped = await run(
      pictures(),
      { stepsPerEpoch: 1 },
      { layers: 'heads', epochs: 5, initialEpoch: 2, onEpochEnd: () => 'stop' },
    );
    expect(stopped.history.map(({ epoch }) => epoch)).toEqual([3]);
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(run(pictures(), {}, { layers: 'heads', signal })).rejects.toThrow('enough');
  }, 120_000);

  it('trains the heads on RoIs by chance, and leaves sources unaugmented that ask for it', async () => {
    let augmented = 0;
    const { totals } = await run(
      pictures(),
      { stepsPerEpoch: 2, useRpnRois: false },
      {
        layers: 'heads',
        noAugmentationSources: ['shapes'],
        augment: (image) => {
          augmented++;
          return image;
        },
      },
    );
    expect(totals.every(Number.isFinite)).toBe(true);
    expect(augmented).toBe(0);
  }, 120_000);
});

const flipSometimes: NonNullable<FitOptions['augment']> = (image, random) => {
  if (random.uniform() < 0.5) return image;
  const { height, width } = image;
  const mirrored = (values: Uint8Array, channels: number) =>
    values.map((_, i) => {
      const [pixel, channel] = [Math.floor(i / channels), i % channels];
      const [y, x] = [Math.floor(pixel / width), pixel % width];
      return values[(y * width + width - 1 - x) * channels + channel] ?? 0;
    });
  return {
    ...image,
    height,
    pixels: mirrored(image.pixels, 3),
    instances: image.instances.map((each) => ({ ...each, mask: mirrored(each.mask, 1) })),
  };
};
