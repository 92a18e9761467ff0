/** Instances, differences and top masks, by their pixels and by what their labels say. */
import { describe, expect, test } from '@jest/globals';
import { distinctColours } from '../../report/colours.ts';
import { DIFFERENCE_COLOURS, drawDifferences } from '../../report/differences.ts';
import { drawInstances } from '../../report/instances.ts';
import { drawTopMasks } from '../../report/top-masks.ts';
import { elementsOf, pixelsOf, textsOf } from './pixels.ts';
import { grey, instance, rectangle, SCALE, SIDE } from './shapes.ts';

const NAMES = ['background', 'lesion', 'hair'];
const LEFT = [64, 32, 192, 96] as const;
const RIGHT = [64, 150, 192, 230] as const;

describe('instances', () => {
  test('each has a colour of its own on its contour, and a tint inside only', async () => {
    const colours = ['#ff2020', '#20ff20'];
    const instances = [instance(LEFT, 1, 0.9), instance(RIGHT, 2, 0.8)];
    const drawing = await drawInstances({
      image: grey(200),
      instances,
      classNames: NAMES,
      colours,
    });
    const { at } = await pixelsOf(drawing);
    expect(at(128 * SCALE, 32 * SCALE)).toBeNearColour('#ff2020');
    expect(at(128 * SCALE, 150 * SCALE)).toBeNearColour('#20ff20');
    const [red = 0, green = 0] = at(128 * SCALE, 64 * SCALE);
    expect([red > 205, green < 150]).toEqual([true, true]);
    expect(at(128 * SCALE, 120 * SCALE)).toEqual([200, 200, 200]);
  });

  test('labels say class and score, truth its class alone, and an unnamed class its number', async () => {
    const truth = { mask: rectangle(RIGHT), box: RIGHT, classId: 2 };
    const drawing = await drawInstances({
      image: grey(200),
      instances: [instance(LEFT, 1, 0.97321), truth, instance(LEFT, 7, 0.5)],
      classNames: NAMES,
      title: 'A & B',
    });
    expect(textsOf(drawing)).toEqual(['A &amp; B', 'lesion 0.973', 'hair', 'class 7 0.500']);
  });

  test('boxes are dashed, masks and boxes may be left out, and lost instances are not drawn', async () => {
    const options = { image: grey(200), classNames: NAMES };
    const lost = { ...instance(LEFT, 1, 0.5), box: [0, 0, 0, 0] as const };
    const all = await drawInstances({ ...options, instances: [instance(LEFT, 1, 0.9), lost] });
    expect(elementsOf(all, 'box')).toEqual([expect.stringContaining('stroke-dasharray')]);
    expect(elementsOf(all, 'tint')).toHaveLength(1);
    const bare = await drawInstances({
      ...options,
      instances: [instance(LEFT, 1, 0.9)],
      showMasks: false,
      showBoxes: false,
    });
    expect([elementsOf(bare, 'box'), elementsOf(bare, 'tint')]).toEqual([[], []]);
    expect(elementsOf(bare, 'contour')).toHaveLength(1);
  });

  test('a picture without instances says so', async () => {
    const drawing = await drawInstances({ image: grey(200), instances: [], classNames: NAMES });
    expect(textsOf(drawing)).toEqual(['no instances']);
  });

  test('labels of instances at one place do not cover each other', async () => {
    const instances = Array.from({ length: 5 }, () => instance(LEFT, 1, 0.9));
    const drawing = await drawInstances({ image: grey(200), instances, classNames: NAMES });
    const tags = [
      ...drawing.elements.matchAll(/<rect x="[^"]*" y="([^"]*)" width="[^"]*" height="([^"]*)"/g),
    ];
    const tops = tags.map(([, y]) => Number(y)).sort((a, b) => a - b);
    expect(tops).toHaveLength(5);
    tops.slice(1).forEach((top, index) => {
      expect(top - (tops[index] ?? 0)).toBeGreaterThanOrEqual(Number(tags[0]?.[2]) - 0.01);
    });
  });

  test('colours are distinct and the same at every call', () => {
    expect(new Set(distinctColours(40)).size).toBe(40);
    expect(distinctColours(9, 3)).toEqual(distinctColours(9, 3));
    expect(distinctColours(9, 3)).not.toEqual(distinctColours(9, 4));
  });
});

describe('differences', () => {
  test('truth is green, the prediction red with score and overlap, whatever its place in the list', async () => {
    const half = [64, 32, 128, 96] as const;
    const drawing = await drawDifferences({
      image: grey(200),
      truth: [instance(LEFT, 1, 1)],
      predictions: [instance(RIGHT, 1, 0.4), instance(half, 1, 0.95)],
      classNames: NAMES,
    });
    expect(textsOf(drawing)).toEqual([
      'Truth green, prediction red with score / IoU: 1 of 1 found, 2 predicted',
      '0.95 / 0.50',
      '0.40 / 0.00',
    ]);
    const { at, info } = await pixelsOf(drawing);
    const strip = info.height - SIDE * SCALE;
    expect(at(strip + 160 * SCALE, 32 * SCALE)).toBeNearColour(DIFFERENCE_COLOURS.truth);
    expect(at(strip + 160 * SCALE, 150 * SCALE)).toBeNearColour(DIFFERENCE_COLOURS.prediction);
  });

  test('of two overlaps an unmatched prediction tells the larger, and without truth 0', async () => {
    const options = { image: grey(200), classNames: NAMES };
    const wrongClass = { ...options, predictions: [instance(LEFT, 2, 0.9)] };
    const some = await drawDifferences({
      ...wrongClass,
      truth: [instance(RIGHT, 1, 1), instance(LEFT, 1, 1)],
    });
    expect(textsOf(some).at(-1)).toBe('0.90 / 1.00');
    const none = await drawDifferences({ ...wrongClass, truth: [] });
    expect(textsOf(none).at(-1)).toBe('0.90 / 0.00');
  });
});

describe('top masks', () => {
  test('classes come by area, and each instance has a shade of its own', async () => {
    const small = [0, 0, 20, 20] as const;
    const drawing = await drawTopMasks({
      image: grey(200),
      instances: [
        instance(small, 1, 1),
        instance(LEFT, 2, 1),
        instance(RIGHT, 2, 1),
        { classId: 3, mask: rectangle([0, 0, 0, 0]) },
      ],
      classNames: NAMES,
    });
    expect(textsOf(drawing)).toEqual(['H × W = 256 × 256', 'hair (2)', 'lesion (1)']);
    const { at, info } = await pixelsOf(drawing);
    // Three tiles of 320 with 16 between and around, below a line of text.
    const inHair = (y: number, x: number) => at(info.height - 16 - 320 + y * 1.25, 352 + x * 1.25);
    expect(inHair(128, 10)).toEqual([8, 48, 107]);
    expect(inHair(128, 64)).toEqual([107, 174, 214]);
    expect(inHair(128, 190)).toEqual([247, 251, 255]);
  });

  test('no more classes than asked for', async () => {
    const instances = [1, 2, 3].map((classId) => instance(LEFT, classId, 1));
    const drawing = await drawTopMasks({ image: grey(1), instances, classNames: NAMES, limit: 2 });
    expect(textsOf(drawing)).toHaveLength(3);
  });
});
