/** The overlay's pixels: lines where the masks' edges are, and nowhere else. */
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { outlinePath } from '../../report/contour.ts';
import { PICTURE_SIDE } from '../../report/drawing.ts';
import { TRUTH_COLOUR } from '../../report/marks.ts';
import { encodeMaskPng } from '../../report/mask-png.ts';
import { drawOverlay, PREDICTION_COLOUR, type OverlayOptions } from '../../report/overlay.ts';
import { decodePng } from './pixels.ts';

const SIDE = 256;
const SKIN = { light: 226, dark: 58 };

describe.each(['light', 'dark'] as const)('on %s skin', (tone) => {
  test('outlines, box and legend are where they must be, and the rest is untouched', async () => {
    const picture = await decodePng(
      await drawOverlay({
        image: skin(SKIN[tone]),
        instances: [instance([64, 64, 192, 128])],
        truth: rectangle([64, 140, 192, 220]),
        caption: 'Jaccard 0.00',
      }),
    );
    const scale = PICTURE_SIDE.least / SIDE;
    expect(picture.at(128 * scale, 64 * scale)).toBeNearColour(PREDICTION_COLOUR);
    expect(picture.at(128 * scale, 128 * scale)).toBeNearColour(PREDICTION_COLOUR);
    expect(picture.at(128 * scale, 140 * scale)).toBeNearColour(TRUTH_COLOUR);
    expect(picture.at(128 * scale, 100 * scale)).toEqual([SKIN[tone], SKIN[tone], SKIN[tone]]);
    expect(picture.at(20 * scale, 240 * scale)).toEqual([SKIN[tone], SKIN[tone], SKIN[tone]]);
    // The halo beside the line keeps it apart from the skin.
    expect(picture.at(128 * scale, 140 * scale - 3)[0]).toBeLessThan(SKIN[tone] * 0.7);
  });
});

test('small images are enlarged and large ones made smaller, keeping their shape', async () => {
  const size = async (height: number, width: number) => {
    const image = { pixels: new Uint8Array(height * width * 3), height, width };
    const { info } = await decodePng(await drawOverlay({ image, instances: [] }));
    return [info.height, info.width];
  };
  expect(await size(64, 128)).toEqual([PICTURE_SIDE.least / 2, PICTURE_SIDE.least]);
  expect(await size(1000, 800)).toEqual([1000, 800]);
  expect(await size(3200, 1600)).toEqual([PICTURE_SIDE.most, PICTURE_SIDE.most / 2]);
});

test('an image without a finding says so', async () => {
  const plain = skin(SKIN.light);
  const picture = await decodePng(await drawOverlay({ image: plain, instances: [] }));
  // White letters on a dark ground in the lower left corner, where the skin was even.
  const corner = Array.from(
    { length: 140 },
    (_, x) => picture.at(PICTURE_SIDE.least - 26, 14 + x)[0] ?? 0,
  );
  expect(Math.max(...corner)).toBeGreaterThan(240);
  expect(Math.min(...corner)).toBeLessThan(120);
});

test('a label at the border stays inside the picture', async () => {
  const picture = await decodePng(
    await drawOverlay({ image: skin(SKIN.light), instances: [instance([0, 246, 10, 256])] }),
  );
  expect(picture.at(20, PICTURE_SIDE.least - 60)).toBeNearColour(PREDICTION_COLOUR);
});

test('the outline keeps holes and parts, and is empty for an empty mask', () => {
  const ring = rectangle([40, 40, 200, 200]);
  rectangle([80, 80, 120, 120]).forEach((inside, at) => {
    if (inside) ring[at] = 0;
  });
  const outline = (mask: Uint8Array) =>
    outlinePath({ mask, height: SIDE, width: SIDE, pictureHeight: SIDE, pictureWidth: SIDE });
  expect(outline(ring).match(/M/g)).toHaveLength(2);
  expect(outline(new Uint8Array(SIDE * SIDE))).toBe('');
});

test('a mask PNG has one channel with 0 and 255, whatever stood for "inside"', async () => {
  const mask = rectangle([2, 3, 20, 30]);
  const png = await encodeMaskPng({ mask, height: SIDE, width: SIDE });
  const { data, info } = await sharp(png)
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.channels, info.height, info.width]).toEqual([1, SIDE, SIDE]);
  expect((await sharp(png).metadata()).channels).toBe(1);
  expect(Array.from(data)).toEqual(Array.from(mask, (value) => value * 255));
});

type Box = readonly [number, number, number, number];

function rectangle([y1, x1, y2, x2]: Box): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
    const [y, x] = [Math.floor(at / SIDE), at % SIDE];
    return Number(y >= y1 && y < y2 && x >= x1 && x < x2);
  });
}

function instance(box: Box): OverlayOptions['instances'][number] {
  return { mask: rectangle(box), box, score: 0.97, label: 'lesion' };
}

function skin(grey: number): OverlayOptions['image'] {
  return { pixels: new Uint8Array(SIDE * SIDE * 3).fill(grey), height: SIDE, width: SIDE };
}
