/**
 * The model card of a version, after Mitchell et al., "Model Cards for Model Reporting" (2019): what it is,
 * what it learned from, how good it is and for whom, what it must not be used for, where it came from, and
 * how to load it.
 */
import type { ImageScore, Lineage } from '../contracts/manifests.ts';
import type { Scores } from '../contracts/references.ts';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import { distributionOf } from './distribution.ts';

export interface ModelCardFacts {
  readonly model: string;
  readonly version: number;
  readonly config: MaskRcnnConfig;
  /** Background first. */
  readonly classNames: readonly string[];
  /** Means over the validation images. */
  readonly scores: Scores;
  /** One entry a validation image, at least one. */
  readonly images: readonly ImageScore[];
  readonly lineage: Lineage;
}

const SCORE_MEANINGS: Readonly<Record<keyof Scores, string>> = {
  thresholdJaccard: 'Threshold Jaccard (0 below 0.65), the ISIC 2018 ranking score',
  jaccard: 'Jaccard',
  dice: 'Dice',
  sensitivity: 'Sensitivity (pixels)',
  specificity: 'Specificity (pixels)',
  accuracy: 'Accuracy (pixels)',
};

/** Markdown. */
export function renderModelCard(facts: ModelCardFacts): string {
  return [
    `# ${facts.model}, version ${facts.version}`,
    whatItIs(facts),
    data(facts),
    scores(facts),
    intendedUse(),
    loading(facts),
    lineage(facts),
    '',
  ].join('\n\n');
}

function whatItIs({ config, classNames, lineage: { runId } }: ModelCardFacts): string {
  const classes = classNames.slice(1).join(', ');
  const backbone = config.backbone === 'resnet50' ? 'ResNet-50' : 'ResNet-101';
  return [
    `A Mask R-CNN (He et al., 2017) with a ${backbone} ` +
      'feature pyramid that outlines skin lesions in dermoscopy images: for each instance a box, a ' +
      `class (${classes}), a confidence and a mask.`,
    '',
    `- Input: RGB, ${config.imageResizeMode} mode, ${config.imageMinDim} to ${config.imageMaxDim} pixels a side`,
    `- Instances an image: at most ${config.detectionMaxInstances}`,
    `- Masks: ${config.maskShape.join(' × ')} inside the box, brought to the image's own size`,
    `- Trained by LesionFlow in the run \`${runId}\``,
  ].join('\n');
}

function data({ lineage: { dataset, split } }: ModelCardFacts): string {
  return [
    '## Data',
    '',
    `Data set \`${dataset.name}\`: ${dataset.pairs} pairs of an image and a lesion mask passed inspection, ` +
      `${dataset.quarantined} were set aside. A seeded split gave ${split.training} pairs for training ` +
      `and ${split.validation} for validation; the scores below are on the latter, which the model never ` +
      'learned from. Images of one patient may lie on both sides: the archives do not name patients.',
  ].join('\n');
}

function scores({ scores: means, images, classNames }: ModelCardFacts): string {
  const rows = Object.entries(SCORE_MEANINGS).map(
    ([name, meaning]) => `| ${meaning} | ${means[name as keyof Scores].toFixed(4)} |`,
  );
  const spread = distributionOf(images.map((image) => image.scores.jaccard));
  const missed = images.filter(({ confidence }) => confidence === null).length;
  const most = Math.max(...spread.tenths);
  const bars = spread.tenths.map((count, tenth) => {
    const bar = '█'.repeat(Math.ceil((24 * count) / most));
    return `${(tenth / 10).toFixed(1)}–${((tenth + 1) / 10).toFixed(1)} ${bar} ${count}`;
  });
  return [
    '## Scores',
    '',
    `Means over ${images.length} validation images at their own size, by the definitions of the ISIC 2018 ` +
      `challenge. The prediction is the instance with the highest confidence; none is an empty mask.`,
    '',
    '| score | mean |',
    '|---|---|',
    ...rows,
    '',
    `### How the Jaccard spreads over the images`,
    '',
    `| ${spread.quantiles.map(({ name }) => name).join(' | ')} |`,
    `|${'---|'.repeat(spread.quantiles.length)}`,
    `| ${spread.quantiles.map(({ value }) => value.toFixed(3)).join(' | ')} |`,
    '',
    `${(100 * spread.shareAboveThreshold).toFixed(1)} % of the images reach 0.65; in ${missed} no ` +
      `${classNames[1] ?? 'lesion'} was found.`,
    '',
    '```',
    ...bars,
    '```',
  ].join('\n');
}

function intendedUse(): string {
  return [
    '## Intended use and limits',
    '',
    '- For research on lesion segmentation, and as a first outline that a person corrects.',
    '- Not a medical device. It tells where a lesion is, never what it is: it says nothing about malignancy, ' +
      'and must not be used to decide about a patient.',
    '- It has learned from dermoscopy only. Clinical photographs, other devices, and skin tones, ages or body ' +
      'sites that are rare in the data may give worse outlines than the means above; measure on your own ' +
      'images first.',
    '- Hair, rulers, gel bubbles and dark corners are known to mislead it. Its confidence is not a calibrated ' +
      'probability.',
    '- One lesion an image is what the data shows; several are found, but were never scored.',
  ].join('\n');
}

function loading({ model, version, config }: ModelCardFacts): string {
  const side = config.imageMaxDim;
  return [
    '## Loading',
    '',
    "LesionFlow draws outline, box and score, and writes the mask at the image's own size:",
    '',
    '```sh',
    `lesionflow predict image.jpg --model ${model}@${version} --out predictions`,
    '```',
    '',
    'Python (`saved_model/` of this version):',
    '',
    '```python',
    'import numpy as np, tensorflow as tf',
    '',
    'detect = tf.saved_model.load("saved_model").signatures["serving_default"]',
    `image = rgb.astype(np.float32) - np.float32(${JSON.stringify(config.meanPixel)})  # rgb: [${side}, ${side}, 3], 0 to 255`,
    'found = detect(image=tf.constant(image[None]), window=tf.constant([[0.0, 0.0, 1.0, 1.0]]))',
    'found["boxes"], found["class_ids"], found["scores"], found["masks"]',
    '```',
    '',
    `Images go in resized and padded to ${side} × ${side} (${config.imageResizeMode} mode); \`window\` is the part ` +
      'that is not padding, as (y1, x1, y2, x2) from 0 to 1. Boxes come out in the same coordinates, by ' +
      'falling score, with zeros after the last; a mask is the probability inside its box.',
    '',
    'TensorFlow Serving takes the folder as it is:',
    '',
    '```sh',
    `docker run -p 8501:8501 -v "$PWD/saved_model:/models/${model}/${version}" -e MODEL_NAME=${model} tensorflow/serving`,
    '```',
    '',
    "`weights.h5` holds the weights under the layer names of Matterport's Mask_RCNN, which loads them by name.",
  ].join('\n');
}

function lineage({ lineage: source }: ModelCardFacts): string {
  const rows: readonly (readonly [string, string])[] = [
    ['run', source.runId],
    ['image archive (SHA-256)', source.archives.images],
    ['mask archive (SHA-256)', source.archives.masks],
    ['data set', source.dataset.hash],
    ['split', source.split.hash],
    ['records', source.records.hash],
    [
      'checkpoint',
      `${source.checkpoint.hash} (stage ${source.checkpoint.stage}, epoch ${source.checkpoint.epoch})`,
    ],
    ['evaluation', source.evaluation.hash],
    ['config', source.configHash],
    ['code', source.codeHash],
  ];
  return [
    '## Lineage',
    '',
    '| what | which |',
    '|---|---|',
    ...rows.map(([what, which]) => `| ${what} | \`${which}\` |`),
  ].join('\n');
}
