/** Random ground truth and results in COCO's format, the same for the same seed. */
import type {
  CocoAnnotation,
  CocoDataset,
  CocoResult,
  CocoSegmentation,
} from '../../evaluation/coco/format.ts';
import { segmentationRuns } from '../../evaluation/coco/candidates.ts';
import { compressRuns, runsArea, runsBox } from '../../evaluation/coco/rle.ts';
import { randomStream, type RandomStream } from '../../maskrcnn/random.ts';
import type { Size } from '../../maskrcnn/shapes.ts';

export interface CocoCase {
  readonly name: string;
  readonly truth: CocoDataset;
  readonly results: readonly CocoResult[];
}

export interface CaseOptions {
  readonly seed: number;
  readonly images?: number;
  /** Ids, in the order of the file. */
  readonly categories?: readonly number[];
  /** The most instances an image. */
  readonly instances?: number;
  /** Detections around each instance, besides those of nothing. */
  readonly detections?: number;
  /** Of the instances, 0 to 1. */
  readonly crowds?: number;
  /** Digits of a score: the fewer, the more are equal. */
  readonly digits?: number;
  /** What a result tells. */
  readonly tells?: 'bbox' | 'segmentation' | 'both';
}

export function randomCase({
  seed,
  images: count = 6,
  categories = [7, 2, 90],
  instances = 6,
  detections = 3,
  crowds = 0.15,
  digits = 2,
  tells = 'both',
}: CaseOptions): Omit<CocoCase, 'name'> {
  const random = randomStream(seed, 'coco');
  const one = <T>(items: readonly T[]) => items[random.below(items.length)] as T;
  const annotations: CocoAnnotation[] = [];
  const results: CocoResult[] = [];
  const images = Array.from({ length: count }, (_, i) => ({
    // Out of order, to see whether ties are ranked by id.
    id: 1000 - 7 * i,
    height: 60 + random.below(120),
    width: 60 + random.below(160),
  }));
  for (const { id: imageId, height, width } of images) {
    const size: Size = [height, width];
    const add = (outline: readonly number[], categoryId: number) => {
      const runs = segmentationRuns([outline], size);
      const bbox = runsBox(runs).map((value) => value + random.uniform() - 0.5);
      results.push({
        image_id: imageId,
        category_id: categoryId,
        score: Number(random.uniform().toFixed(digits)),
        ...(tells !== 'segmentation' && { bbox: positive(bbox) }),
        ...(tells !== 'bbox' && { segmentation: compressRuns(runs) }),
      });
    };
    for (let i = random.below(instances + 1); i > 0; i--) {
      const categoryId = one(categories);
      const blob = randomBlob(random, size);
      const isCrowd = random.uniform() < crowds;
      annotations.push(annotation({ blob, size, imageId, categoryId, isCrowd, random }));
      for (let d = random.below(detections + 1); d > 0; d--)
        add(outlineOf(near(blob, random)), random.uniform() < 0.9 ? categoryId : one(categories));
    }
    for (let i = random.below(3); i > 0; i--)
      add(outlineOf(randomBlob(random, size)), one(categories));
  }
  return {
    truth: {
      images,
      categories: categories.map((id) => ({ id, name: `class ${id}` })),
      annotations: annotations.map((row, i) => ({ ...row, id: i + 1 })),
    },
    results,
  };
}

interface Blob {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

function randomBlob(random: RandomStream, [height, width]: Size): Blob {
  const scale = random.uniform() ** 2;
  return {
    y: random.uniform() * height,
    x: random.uniform() * width,
    height: 4 + scale * 0.6 * height,
    width: 4 + scale * 0.6 * width,
  };
}

/** Perhaps the very same blob, so that some overlaps are exactly 1. */
function near(blob: Blob, random: RandomStream): Blob {
  if (random.uniform() < 0.2) return blob;
  const shift = () => 0.1 * random.normal();
  return {
    y: blob.y + shift() * blob.height,
    x: blob.x + shift() * blob.width,
    height: blob.height * (1 + shift()),
    width: blob.width * (1 + shift()),
  };
}

/** A polygon with as many corners as fit on an ellipse; it may reach out of the image. */
export function outlineOf({ y, x, height, width }: Blob): number[] {
  return Array.from({ length: 9 }, (_, i) => (2 * Math.PI * i) / 9).flatMap((angle) => [
    x + width * Math.cos(angle),
    y + height * Math.sin(angle),
  ]);
}

interface AnnotationOf {
  readonly blob: Blob;
  readonly size: Size;
  readonly imageId: number;
  readonly categoryId: number;
  readonly isCrowd: boolean;
  readonly random: RandomStream;
}

/** With its mask in one of COCO's three ways: polygons (two here), a list of runs, or their text. */
function annotation({
  blob,
  size,
  imageId,
  categoryId,
  isCrowd,
  random,
}: AnnotationOf): CocoAnnotation {
  const second = { ...blob, x: blob.x + 1.5 * blob.width };
  const polygons = [outlineOf(blob), ...(random.uniform() < 0.3 ? [outlineOf(second)] : [])];
  const runs = segmentationRuns(polygons, size);
  const ways: CocoSegmentation[] = [
    polygons,
    compressRuns(runs),
    { size: [...size], counts: [...runs.runs] },
  ];
  return {
    id: 0,
    image_id: imageId,
    category_id: categoryId,
    bbox: runsBox(runs),
    area: runsArea(runs),
    iscrowd: isCrowd ? 1 : 0,
    segmentation: (isCrowd ? ways[2] : ways[random.below(3)]) ?? polygons,
  };
}

function positive([x = 0, y = 0, width = 0, height = 0]: readonly number[]): [
  number,
  number,
  number,
  number,
] {
  return [x, y, Math.max(width, 1), Math.max(height, 1)];
}
