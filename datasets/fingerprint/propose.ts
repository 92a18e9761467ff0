/**
 * The fingerprint: from what was measured on a data set to options of its run, each with its reason, as nnU-Net
 * derives its plans (Isensee et al., "nnU-Net", Nature Methods 2021). Pure: the same data, machine and hours give the
 * same proposals. What the user has set is left alone and built upon.
 */
import type { PipelineInput } from '../../contracts/pipeline-input.ts';
import { anchorFit, boxAtSize } from './anchor-fit.ts';
import { pooled } from './colour-stats.ts';
import type { PairMeasures } from './measure-pair.ts';
import { proposeAnchors } from './propose-anchors.ts';
import { proposeRecipe, type RecipeProposal } from './propose-recipe.ts';
import { proposeSize } from './propose-size.ts';
import type { Proposal } from './proposal.ts';
import type { Machine } from './training-cost.ts';

export interface ProposeOptions {
  readonly measures: readonly PairMeasures[];
  /** Usable pairs of the whole set, of which `measures` may be a sample. */
  readonly pairs: number;
  /** The preset that is built upon, with what the user has set over it. */
  readonly base: PipelineInput;
  /** Has the user set this option, e.g. `model.imageMaxDim`? */
  readonly isGiven: (option: string) => boolean;
  readonly machine: Machine;
  readonly hours: number;
}

export function propose(options: ProposeOptions): Proposal[] {
  const { base, isGiven } = options;
  const size = sizeOf(options);
  const all = [
    ...size.proposals,
    ...anchorsOf(options, size.side),
    ...recipeOf(options, size.side),
    INSTANCES,
    ...meanPixelOf(options),
  ];
  return all.flatMap(({ what, options: proposed, reason }) => {
    const free = Object.entries(proposed).filter(([option]) => !isGiven(option));
    if (free.length === 0) return [];
    const before = free.map(([option]) => [option, valueAt(base, option)] as const);
    return [
      { what, options: Object.fromEntries(free), before: Object.fromEntries(before), reason },
    ];
  });
}

type Draft = Omit<Proposal, 'before'>;

function sizeOf(options: ProposeOptions): { side: number; proposals: Draft[] } {
  const { measures, base, isGiven, machine, hours } = options;
  if (isGiven('model.imageMaxDim')) {
    const { imageMaxDim: side } = base.model;
    const reason = 'The training square is the one that was asked for, and pictures fill it.';
    const options = { 'model.imageMinDim': side };
    return { side, proposals: [{ what: 'image size', options, reason }] };
  }
  const { training: trainingPairs } = splitOf(options);
  const { side, reason } = proposeSize({ measures, trainingPairs, machine, hours });
  const sizes = { 'model.imageMinDim': side, 'model.imageMaxDim': side };
  return { side, proposals: [{ what: 'image size', options: sizes, reason }] };
}

/** A pretrained RPN knows its own anchors: others must find noticeably more of the boxes to be worth it. */
const WORTH_RELEARNING = 0.02;

function anchorsOf({ measures, base }: ProposeOptions, side: number): Draft[] {
  const { model, training } = base;
  const start = {
    ...model,
    imageMinDim: side,
    imageMaxDim: side,
    rpnAnchorScales: model.rpnAnchorScales.map((scale) => (scale * side) / model.imageMaxDim),
  };
  const boxes = measures.map((measured) => boxAtSize(measured, start));
  const before = anchorFit(boxes, start);
  const { scales, ratios, fit } = proposeAnchors(boxes, start);
  const isPretrained = training.initialWeights.from !== 'scratch';
  const isWorthIt = !isPretrained || fit.recall50 - before.recall50 >= WORTH_RELEARNING;
  const keep = isPretrained ? model.rpnAnchorScales : start.rpnAnchorScales.map(Math.round);
  const found =
    `${percent(fit.recall50)} of the boxes have an anchor with an IoU of 0.5 and ${percent(fit.recall70)} one of ` +
    `0.7; with the preset's shapes at this size it would be ${percent(before.recall50)} and ${percent(before.recall70)}`;
  const relearnt = isPretrained
    ? '; the weights know other shapes, which cost an epoch to relearn'
    : '';
  return [
    {
      what: 'anchors',
      options: {
        'model.rpnAnchorScales': isWorthIt ? scales : [...keep],
        'model.rpnAnchorRatios': isWorthIt ? ratios : [...model.rpnAnchorRatios],
      },
      reason: isWorthIt
        ? `Fitted to the ${String(boxes.length)} boxes: ${found}${relearnt}.`
        : `They stay, because the weights know them and others would find hardly more boxes (${found}).`,
    },
  ];
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

function recipeOf(options: ProposeOptions, side: number): Draft[] {
  const { base, machine, hours } = options;
  const { training: trainingPairs, validation: validationPairs } = splitOf(options);
  const { imagesPerGpu, gradientAccumulationSteps } = base.model;
  const recipe = proposeRecipe({
    ...{ side, trainingPairs, validationPairs, machine, hours },
    effectiveBatch: imagesPerGpu * gradientAccumulationSteps,
  });
  const { batch, accumulation } = recipe;
  return [
    {
      what: 'batch',
      options: { 'model.imagesPerGpu': batch, 'model.gradientAccumulationSteps': accumulation },
      reason:
        accumulation === 1
          ? `A step sees ${imagesWord(batch)}, as the preset has it, and that fits in the memory here (${machine.memory.toFixed(0)} GB).`
          : `A step sees ${imagesWord(batch * accumulation)}, as the preset has it, but only ${imagesWord(batch)} at a time, which is what the memory here holds (${machine.memory.toFixed(0)} GB).`,
    },
    lengthOf(options, recipe),
    ...augmentationOf(options, recipe),
  ];
}

const imagesWord = (count: number) => (count === 1 ? '1 image' : `${String(count)} images`);

function lengthOf({ base, hours, machine }: ProposeOptions, recipe: RecipeProposal): Draft {
  const { stages } = base.training;
  const known = stages.reduce((sum, { epochs }) => sum + epochs, 0);
  const epochs = stages.map((stage) =>
    Math.max(1, Math.round((recipe.epochs * stage.epochs) / known)),
  );
  const perStage = stages.flatMap(({ warmupSteps }, index) => {
    const stage = `training.stages.${String(index)}`;
    const steps = (epochs[index] ?? 1) * recipe.stepsPerEpoch;
    const warmup = warmupSteps > 0 ? [[`${stage}.warmupSteps`, Math.round(steps / 10)]] : [];
    return [[`${stage}.epochs`, epochs[index] ?? 1], ...warmup] as [string, number][];
  });
  const time =
    recipe.minutes === undefined
      ? 'on a GPU, whose times were not measured'
      : `in about ${recipe.minutes.toFixed(0)} minutes of training on the ${String(machine.cores)} CPU cores here (${String(hours)} h are given)`;
  return {
    what: 'length',
    options: {
      'model.stepsPerEpoch': recipe.stepsPerEpoch,
      'model.validationSteps': recipe.validationSteps,
      ...Object.fromEntries(perStage),
    },
    reason: `Each picture is seen ${recipe.passes < 10 ? recipe.passes.toFixed(1) : recipe.passes.toFixed(0)} times, ${time}.`,
  };
}

/** From so many looks at each picture on, it should look different each time. */
const MANY_PASSES = 5;

function augmentationOf({ base }: ProposeOptions, { passes }: RecipeProposal): Draft[] {
  if (base.training.initialWeights.from !== 'scratch' || passes < MANY_PASSES) return [];
  return [
    {
      what: 'augmentation',
      options: { 'training.augmentation': 'dermoscopy' },
      reason: `From scratch each picture is seen ${passes.toFixed(0)} times: turned, flipped, scaled and mildly recoloured it is another one each time.`,
    },
  ];
}

const INSTANCES: Draft = {
  what: 'instances',
  options: { 'model.maxGtInstances': 1 },
  reason:
    'Every picture has one mask, and a mask is one lesion however many parts it has, so there is room for one.',
};

function meanPixelOf({ measures, base }: ProposeOptions): Draft[] {
  const mean = pooled(measures.map(({ colours }) => colours.all)).mean;
  const measured = mean.map((value) => Math.round(10 * value) / 10);
  const isPretrained = base.training.initialWeights.from !== 'scratch';
  return [
    {
      what: 'mean pixel',
      options: { 'model.meanPixel': isPretrained ? [...base.model.meanPixel] : measured },
      reason: isPretrained
        ? `It stays: the weights were trained with it (this data set's is ${measured.join(', ')}).`
        : 'From scratch the network is best fed with values around 0, so this is the mean of these pictures.',
    },
  ];
}

function splitOf({ pairs, base }: ProposeOptions): { training: number; validation: number } {
  const { validationShare, maxPairs = pairs } = base.split;
  const used = Math.min(pairs, maxPairs);
  const training = Math.max(1, Math.trunc((1 - validationShare) * used + 1e-9));
  return { training, validation: Math.max(1, used - training) };
}

/** `training.stages.0.epochs` of the input. */
function valueAt(base: PipelineInput, option: string): Proposal['before'][string] {
  const value = option
    .split('.')
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], base);
  return JSON.parse(JSON.stringify(value ?? null)) as Proposal['before'][string];
}
