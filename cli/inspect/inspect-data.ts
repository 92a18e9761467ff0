/** Pictures and numbers of a data set as training would see it: samples, augmented ones, anchors, masks. */
import { augment } from '../../augmentation/augment.ts';
import type { Augmentation } from '../../augmentation/operations.ts';
import { pixelAnchors } from '../../maskrcnn/boxes/anchors.ts';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import { extractBox } from '../../maskrcnn/masks/extract-boxes.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';
import { buildRpnTargets } from '../../maskrcnn/training/rpn-targets.ts';
import { drawAnchorTargets } from '../../report/anchors.ts';
import { drawInstances } from '../../report/instances.ts';
import {
  measureInstances,
  summariseMasks,
  type InstanceMeasures,
  type MaskSummary,
} from '../../report/mask-summary.ts';
import { mosaic, type Tile } from '../../report/mosaic.ts';
import { plotMaskPlacement } from '../../report/plots/mask-placement.ts';
import { readSamples, type Found } from './samples.ts';
import type { PictureWriter } from './write-pictures.ts';

export interface InspectDataOptions {
  /** Paths of zips or folders. */
  readonly images: string;
  readonly masks: string;
  readonly config: MaskRcnnConfig;
  readonly augmentation: Augmentation | null;
  /** Samples in the mosaic. */
  readonly count: number;
  /** Pairs whose masks are measured; at least `count`. */
  readonly measure: number;
  readonly seed: number;
  readonly writer: PictureWriter;
}

export interface DataReport extends Omit<Found, 'quarantined'> {
  readonly quarantined: readonly { readonly id: string; readonly reason: string }[];
  readonly masks: MaskSummary;
  /** Of the samples whose anchors are drawn. */
  readonly anchors: readonly AnchorCounts[];
  readonly files: readonly string[];
}

interface AnchorCounts {
  readonly id: string;
  readonly positive: number;
  readonly negative: number;
  readonly neutral: number;
}

/** Classes as in ISIC's masks. */
const CLASS_NAMES = ['background', 'lesion'];
const ANCHOR_SAMPLES = 3;
const AUGMENTED = 3;
const TILE = { least: 320, most: 320 };

export async function inspectData(options: InspectDataOptions): Promise<DataReport> {
  const { config, count, writer } = options;
  const samples = new Map<number, AnnotatedImage>();
  const measures: InstanceMeasures[] = [];
  const found = await readSamples({
    ...options,
    count: Math.max(count, options.measure),
    onSample: (sample, place) => {
      measures.push(...measureInstances(sample, config));
      samples.set(place, sample);
      // Only the first are drawn; the others need not stay in memory.
      if (samples.size > count) samples.delete(Math.max(...samples.keys()));
    },
  });
  const shown = [...samples].sort(([a], [b]) => a - b).map(([, sample]) => sample);
  await writer.picture('samples', await sampleMosaic(shown, options));
  const anchors = await drawAnchors(shown.slice(0, ANCHOR_SAMPLES), options);
  await writer.picture('masks', plotMaskPlacement({ instances: measures, config }));
  return {
    pairs: found.pairs,
    read: found.read,
    quarantined: found.quarantined.map(({ id, reason }) => ({ id, reason })),
    masks: summariseMasks(measures),
    anchors,
    files: writer.written,
  };
}

/** Without augmentation a grid of samples; with it a row a sample: as it is, then a few changed ones. */
async function sampleMosaic(
  samples: readonly AnnotatedImage[],
  { augmentation, seed }: InspectDataOptions,
) {
  const variants = augmentation === null ? 0 : AUGMENTED;
  const tiles: Tile[] = [];
  for (const sample of samples) {
    tiles.push({ drawing: await sampleTile(sample), title: sample.id });
    for (let variant = 1; variant <= variants && augmentation !== null; variant++) {
      const random = randomStream(seed, 'inspect', 'augment', variant, sample.id);
      const drawing = await sampleTile(augment(sample, augmentation, random));
      tiles.push({ drawing, title: `augmented, ${String(variant)}` });
    }
  }
  return mosaic({ tiles, columns: variants === 0 ? 4 : 1 + variants });
}

function sampleTile(image: AnnotatedImage) {
  const instances = image.instances.map(({ classId, mask }) => ({
    classId,
    mask,
    box: extractBox(mask, [image.height, image.width]),
  }));
  return drawInstances({
    image,
    instances,
    classNames: CLASS_NAMES,
    colours: instances.length === 1 ? ['#ffd92e'] : undefined,
    captions: instances.map(() => ''),
    // A tint would hide what augmentation does to colours.
    showMasks: false,
    side: TILE,
  });
}

async function drawAnchors(
  samples: readonly AnnotatedImage[],
  { config, seed, writer }: InspectDataOptions,
): Promise<AnchorCounts[]> {
  const counts: AnchorCounts[] = [];
  const tiles: Tile[] = [];
  for (const image of samples) {
    const { id, height, width, instances } = image;
    const anchors = pixelAnchors(config, [height, width]);
    const targets = buildRpnTargets({
      anchors,
      gtClassIds: instances.map(({ classId }) => classId),
      gtBoxes: Int32Array.from(instances.flatMap(({ mask }) => extractBox(mask, [height, width]))),
      config,
      random: randomStream(seed, 'inspect', 'anchors', id),
    });
    const of = (value: number) => targets.match.filter((match) => match === value).length;
    counts.push({ id, positive: of(1), negative: of(-1), neutral: of(0) });
    const drawn = await drawAnchorTargets({
      image,
      masks: instances.map(({ mask }) => mask),
      anchors,
      targets,
      deviations: config.rpnBboxStdDev,
      seed,
    });
    tiles.push(...drawn.map((tile) => ({ ...tile, title: `${id}: ${tile.title ?? ''}` })));
  }
  await writer.picture('anchors', mosaic({ tiles, columns: 3 }));
  return counts;
}
