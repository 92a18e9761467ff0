/** Samples as training sees them: with their masks, augmented, and with the anchors that they give the RPN. */
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
import { mosaic, type Tile } from '../../report/mosaic.ts';
import type { AnchorCounts } from './data-report.ts';
import type { PictureWriter } from './write-pictures.ts';

/** Classes as in ISIC's masks. */
const CLASS_NAMES = ['background', 'lesion'];
const ANCHOR_SAMPLES = 3;
const AUGMENTED = 3;
const TILE = { least: 320, most: 320 };

export interface DrawSamplesOptions {
  readonly augmentation: Augmentation | null;
  readonly seed: number;
  readonly writer: PictureWriter;
}

/** Without augmentation a grid of samples; with it a row a sample: as it is, then a few changed ones. */
export async function drawSamples(
  samples: readonly AnnotatedImage[],
  { augmentation, seed, writer }: DrawSamplesOptions,
): Promise<void> {
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
  await writer.picture('samples', mosaic({ tiles, columns: variants === 0 ? 4 : 1 + variants }));
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

export interface DrawAnchorsOptions {
  readonly config: MaskRcnnConfig;
  readonly seed: number;
  readonly writer: PictureWriter;
}

/** Of the first samples; gives their counts. */
export async function drawAnchors(
  samples: readonly AnnotatedImage[],
  { config, seed, writer }: DrawAnchorsOptions,
): Promise<AnchorCounts[]> {
  const counts: AnchorCounts[] = [];
  const tiles: Tile[] = [];
  for (const image of samples.slice(0, ANCHOR_SAMPLES)) {
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
