/**
 * The image and the masks of its most prominent classes, each instance in a shade of its own:
 * `display_top_masks` of mrcnn/visualize.py.
 *
 * Differs on purpose: classes that are not there leave no empty panels.
 */
import { canvasFor, drawOnImage, type Drawing, type RgbPicture } from './drawing.ts';
import { className, type DrawnInstance } from './instances.ts';
import { mosaic } from './mosaic.ts';

export interface TopMasksOptions {
  readonly image: RgbPicture;
  readonly instances: readonly Pick<DrawnInstance, 'classId' | 'mask'>[];
  /** Background first. */
  readonly classNames: readonly string[];
  /** @default 4 */
  readonly limit?: number;
}

const TILE = { least: 320, most: 320 };
/** Matplotlib's `Blues_r`, which the reference draws with: from 0 to the last instance. */
const BLUES = [
  [8, 48, 107],
  [8, 81, 156],
  [33, 113, 181],
  [66, 146, 198],
  [107, 174, 214],
  [158, 202, 225],
  [198, 219, 239],
  [222, 235, 247],
  [247, 251, 255],
] as const;

export async function drawTopMasks(options: TopMasksOptions): Promise<Drawing> {
  const { image, instances, classNames, limit = 4 } = options;
  const { height, width } = image;
  const panel = (picture: RgbPicture) => drawOnImage(canvasFor(picture, TILE), []);
  const top = topClasses(instances).slice(0, limit);
  const panels = await Promise.all(
    top.map(async (classId) => {
      const masks = instances.filter((one) => one.classId === classId).map(({ mask }) => mask);
      return {
        drawing: await panel({ pixels: shaded(masks, height * width), height, width }),
        title: `${className(classNames, classId)} (${String(masks.length)})`,
      };
    }),
  );
  const first = {
    drawing: await panel(image),
    title: `H × W = ${String(height)} × ${String(width)}`,
  };
  return mosaic({ tiles: [first, ...panels], columns: 1 + panels.length });
}

/** Classes by the area of all their masks, largest first; those without area are left out. */
function topClasses(instances: TopMasksOptions['instances']): number[] {
  const areas = new Map<number, number>();
  for (const { classId, mask } of instances) {
    const area = mask.reduce((sum, value) => sum + Number(value !== 0), 0);
    areas.set(classId, (areas.get(classId) ?? 0) + area);
  }
  return [...areas]
    .filter(([, area]) => area > 0)
    .sort(([a, first], [b, second]) => second - first || a - b)
    .map(([classId]) => classId);
}

/** `[pixels, (r, g, b)]`: the sum of the instances' numbers, where they overlap too, as a shade of blue. */
function shaded(masks: readonly Uint8Array[], pixels: number): Uint8Array {
  const sums = new Float64Array(pixels);
  masks.forEach((mask, index) => {
    for (let at = 0; at < pixels; at++) if (mask[at]) sums[at] = (sums[at] ?? 0) + index + 1;
  });
  const most = sums.reduce((a, b) => Math.max(a, b), 1);
  const picture = new Uint8Array(3 * pixels);
  sums.forEach((sum, at) => picture.set(blue(sum / most), 3 * at));
  return picture;
}

function blue(share: number): number[] {
  const place = share * (BLUES.length - 1);
  const below = BLUES[Math.floor(place)] ?? BLUES[0];
  const above = BLUES[Math.ceil(place)] ?? BLUES[0];
  return below.map((value, c) => value + ((above[c] ?? 0) - value) * (place - Math.floor(place)));
}
