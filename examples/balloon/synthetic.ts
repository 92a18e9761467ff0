/**
 * Makes a small set of pictures of the sky with balloons and kites, annotated as the VGG Image Annotator does:
 * the training half in the way of VIA 1, the validation half in that of VIA 2. A function of the seed.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { randomStream, type RandomStream } from '../../maskrcnn/index.ts';

export interface SyntheticOptions {
  /** Made if it is not there; gets `train/` and `val/`. */
  readonly folder: string;
  /** Pictures to train on. */
  readonly train: number;
  /** Pictures to validate on. */
  readonly validation: number;
  /** Height and width of a picture, pixels. */
  readonly side: number;
  readonly seed: number;
}

interface Instance {
  readonly className: 'balloon' | 'kite';
  readonly colour: string;
  readonly corners: readonly (readonly [x: number, y: number])[];
}

export async function makeSyntheticSet(options: SyntheticOptions): Promise<void> {
  await makeSubset(options, 'train', options.train);
  await makeSubset(options, 'val', options.validation);
}

async function makeSubset(
  { folder, side, seed }: SyntheticOptions,
  subset: 'train' | 'val',
  count: number,
): Promise<void> {
  await mkdir(join(folder, subset), { recursive: true });
  const annotations: Record<string, object> = {};
  for (let index = 0; index < count; index++) {
    const random = randomStream(seed, subset, index);
    const filename = `${subset}-${String(index).padStart(3, '0')}.jpg`;
    const instances = instancesOf(side, random);
    const picture = sharp(Buffer.from(drawing(side, instances, random)));
    const { size } = await picture.jpeg({ quality: 92 }).toFile(join(folder, subset, filename));
    const regions = instances.map(regionOf);
    annotations[`${filename}${String(size)}`] = {
      filename,
      size,
      regions: subset === 'train' ? Object.fromEntries(regions.entries()) : regions,
      file_attributes: {},
    };
  }
  const path = join(folder, subset, 'via_region_data.json');
  await writeFile(path, JSON.stringify(annotations));
}

/** One to three, each in a quarter of its own so that none hides another. */
function instancesOf(side: number, random: RandomStream): Instance[] {
  const quarters = [0, 1, 2, 3].filter(() => random.uniform() < 0.5).slice(0, 3);
  const used = quarters.length === 0 ? [random.below(4)] : quarters;
  return used.map((quarter) => {
    const size = side * (0.12 + 0.1 * random.uniform());
    const jitter = () => side * 0.04 * (random.uniform() - 0.5);
    const x = side * (quarter % 2 === 0 ? 0.27 : 0.73) + jitter();
    const y = side * (quarter < 2 ? 0.27 : 0.73) + jitter();
    const hue = random.below(360);
    return random.uniform() < 0.5
      ? { className: 'balloon', colour: `hsl(${String(hue)} 85% 45%)`, corners: round(x, y, size) }
      : { className: 'kite', colour: `hsl(${String(hue)} 85% 55%)`, corners: diamond(x, y, size) };
  });
}

function round(x: number, y: number, size: number): [number, number][] {
  return Array.from({ length: 24 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 24;
    return whole(x + 0.85 * size * Math.cos(angle), y + size * Math.sin(angle));
  });
}

function diamond(x: number, y: number, size: number): [number, number][] {
  return [
    whole(x, y - size),
    whole(x + 0.7 * size, y - 0.2 * size),
    whole(x, y + 1.2 * size),
    whole(x - 0.7 * size, y - 0.2 * size),
  ];
}

const whole = (x: number, y: number): [number, number] => [Math.round(x), Math.round(y)];

function drawing(side: number, instances: readonly Instance[], random: RandomStream): string {
  const light = 70 + random.below(20);
  const shapes = instances.map(({ colour, corners, className }) => {
    const points = corners.map((corner) => corner.join(',')).join(' ');
    const edge = className === 'kite' ? '#402010' : 'none';
    return `<polygon points="${points}" fill="${colour}" stroke="${edge}" stroke-width="1"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${String(side)}" height="${String(side)}">
    <linearGradient id="sky" x2="0" y2="1">
      <stop offset="0" stop-color="hsl(205 60% ${String(light - 20)}%)"/>
      <stop offset="1" stop-color="hsl(205 40% ${String(light)}%)"/>
    </linearGradient>
    <rect width="100%" height="100%" fill="url(#sky)"/>${shapes.join('')}</svg>`;
}

function regionOf({ className, corners }: Instance): object {
  return {
    shape_attributes: {
      name: 'polygon',
      all_points_x: corners.map(([x]) => x),
      all_points_y: corners.map(([, y]) => y),
    },
    region_attributes: { class: className },
  };
}
