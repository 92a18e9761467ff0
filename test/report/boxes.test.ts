/** Boxes, RoIs and anchors: where they are drawn, how, and how many. */
import { describe, expect, test } from '@jest/globals';
import { pixelAnchors } from '../../maskrcnn/boxes/anchors.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import { buildRpnTargets } from '../../maskrcnn/training/rpn-targets.ts';
import { ANCHOR_COLOURS, drawAnchorTargets } from '../../report/anchors.ts';
import { drawBoxes } from '../../report/boxes.ts';
import { mosaic } from '../../report/mosaic.ts';
import { drawRois, type DrawnRoi } from '../../report/rois.ts';
import { elementsOf, pixelsOf, pointsOf, textsOf } from './pixels.ts';
import { grey, rectangle, SCALE, SIDE } from './shapes.ts';

const BOX = [40, 60, 120, 200] as const;
const REFINED = [50, 70, 140, 220] as const;

describe('boxes', () => {
  test('refined boxes are solid at their place and joined with the dashed ones', async () => {
    const drawing = await drawBoxes({
      image: grey(90),
      boxes: [{ box: BOX, refined: REFINED, caption: 'a', colour: '#ff2020' }],
      margin: 0,
    });
    const [before = ''] = elementsOf(drawing, 'box normal');
    const [after = ''] = elementsOf(drawing, 'refined');
    expect([before, after].map((shape) => shape.includes('dasharray'))).toEqual([true, false]);
    expect(pointsOf(after)[0]).toEqual([REFINED[1] * SCALE, REFINED[0] * SCALE]);
    const { at } = await pixelsOf(drawing);
    expect(at(140 * SCALE, 150 * SCALE)).toBeNearColour('#ff2020');
    expect(at(45 * SCALE, 65 * SCALE)).toBeNearColour('#ff2020');
    expect(textsOf(drawing)).toEqual(['a']);
  });

  test('faint boxes are grey and keep their refinement to themselves, strong ones are solid', async () => {
    const drawing = await drawBoxes({
      image: grey(90),
      boxes: [
        { box: BOX, refined: REFINED, prominence: 'faint', colour: '#ff2020' },
        { box: BOX, prominence: 'strong' },
        { box: [0, 0, 0, 0] },
      ],
    });
    expect(elementsOf(drawing, 'refined')).toHaveLength(0);
    expect(elementsOf(drawing, 'box faint')[0]).not.toContain('#ff2020');
    expect(elementsOf(drawing, 'box strong')[0]).not.toContain('dasharray');
    expect(elementsOf(drawing, 'box normal')).toHaveLength(0);
  });

  test('what reaches outside is seen in the margin and cut off beyond it', async () => {
    const drawing = await drawBoxes({
      image: grey(90),
      boxes: [{ box: [-10, -90, 100, 100], prominence: 'strong', colour: '#20ff20' }],
      margin: 0.1,
      title: 'outside',
    });
    const { at, info } = await pixelsOf(drawing);
    const margin = Math.round(0.1 * SIDE * SCALE);
    const strip = info.height - SIDE * SCALE - 2 * margin;
    expect(at(strip + margin - 10 * SCALE, margin + 50 * SCALE)).toBeNearColour('#20ff20');
    expect(at(2, 2)).toEqual([255, 255, 255]);
  });
});

describe('RoIs', () => {
  const rois = (count: number, classId: number): DrawnRoi[] =>
    Array.from({ length: count }, (_, index) => ({
      box: [index, index, 60 + index, 60 + index],
      refined: [index, index, 70 + index, 70 + index],
      classId,
      score: 0.5,
    }));

  test('the title counts all, and those with a class make half of what is shown', async () => {
    const all = [...rois(500, 0), ...rois(30, 1)];
    const drawing = await drawRois({
      image: grey(90),
      rois: all,
      classNames: ['background', 'lesion'],
      limit: 8,
    });
    expect(textsOf(drawing)[0]).toContain('30 positive, 500 negative, 8 shown');
    expect(elementsOf(drawing, 'refined').length).toBeGreaterThanOrEqual(4);
    expect(elementsOf(drawing, 'refined').length + elementsOf(drawing, 'box faint').length).toBe(8);
    expect(textsOf(drawing)[1]).toBe('lesion 0.50');
  });

  test('few are all shown, background in grey', async () => {
    const drawing = await drawRois({
      image: grey(90),
      rois: [...rois(3, 0), ...rois(2, 1)],
      classNames: ['background', 'lesion'],
    });
    expect(elementsOf(drawing, 'box faint')).toHaveLength(3);
    expect(elementsOf(drawing, 'box normal')).toHaveLength(2);
  });
});

describe('anchors', () => {
  const config = maskRcnnConfigSchema.parse({
    imageMinDim: SIDE,
    imageMaxDim: SIDE,
    rpnAnchorScales: [16, 32, 64, 96, 128],
    rpnTrainAnchorsPerImage: 64,
  });
  const anchors = pixelAnchors(config, [SIDE, SIDE]);
  const gt = [90, 80, 154, 144] as const;
  const targets = buildRpnTargets({
    anchors,
    gtClassIds: [1],
    gtBoxes: Int32Array.from(gt),
    config,
    random: randomStream(3, 'anchors'),
  });
  const count = (value: number) => targets.match.filter((match) => match === value).length;
  const draw = () =>
    drawAnchorTargets({
      image: grey(90),
      masks: [rectangle(gt)],
      anchors,
      targets,
      deviations: config.rpnBboxStdDev,
      neutral: 12,
    });

  test('as many are drawn as the targets have, and some of the neutral ones', async () => {
    const [positive, negative, neutral] = (await draw()).map(({ drawing }) => drawing);
    if (!positive || !negative || !neutral) throw new Error('three tiles are missing');
    expect(count(1)).toBeGreaterThan(1);
    expect(elementsOf(positive, 'box normal')).toHaveLength(count(1));
    expect(elementsOf(negative, 'box normal')).toHaveLength(count(-1));
    expect(elementsOf(negative, 'box normal')[0]).toContain(ANCHOR_COLOURS.negative);
    expect(elementsOf(neutral, 'box faint')).toHaveLength(12);
    expect(elementsOf(positive, 'truth')).toHaveLength(1);
  });

  test('every positive anchor is refined to the box of its instance', async () => {
    const [tile] = await draw();
    const frames = tile === undefined ? [] : elementsOf(tile.drawing, 'refined').map(pointsOf);
    const scale = 480 / SIDE;
    expect(frames).toHaveLength(count(1));
    for (const [[left = 0, top = 0] = [], [right = 0] = [], [, bottom = 0] = []] of frames) {
      [top, left, bottom, right].forEach((edge, i) => {
        expect(edge / scale).toBeCloseTo(gt[i] ?? 0, 3);
      });
    }
  });
});

test('a mosaic puts tiles side by side, in rows, below their titles', async () => {
  const tile = (colour: string, title: string) => ({
    drawing: {
      height: 40,
      width: 60,
      elements: `<rect width="60" height="40" fill="${colour}"/>`,
    },
    title,
  });
  const drawing = mosaic({
    tiles: [tile('#ff0000', 'one'), tile('#00ff00', 'two'), tile('#0000ff', 'three')],
    columns: 2,
  });
  expect(textsOf(drawing)).toEqual(['one', 'two', 'three']);
  const { at, info } = await pixelsOf(drawing);
  expect(info.width).toBe(3 * 16 + 2 * 60);
  const row = (info.height - 3 * 16 - 2 * 40) / 2 + 16;
  expect(at(row + 20, 30)).toEqual([255, 0, 0]);
  expect(at(row + 20, 110)).toEqual([0, 255, 0]);
  expect(at(info.height - 16 - 20, 30)).toEqual([0, 0, 255]);
  expect(at(info.height - 16 - 20, 110)).toEqual([255, 255, 255]);
});
