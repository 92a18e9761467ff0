/**
 * The options under Matterport's own names: `IMAGES_PER_GPU` for `imagesPerGpu`, and the way back (`Config`
 * and its `display()` of mrcnn/config.py). An option that Matterport lacks has both names as well.
 */
import {
  batchSize,
  imageMetaSize,
  imageShape,
  type MaskRcnnConfig,
  type MaskRcnnConfigInput,
} from './config.ts';

/** `rpnBboxStdDev` → `RPN_BBOX_STD_DEV`, in types. */
type UpperSnake<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Uppercase<Head> : `_${Head}`}${UpperSnake<Tail>}`
  : '';

type Upper<Options> = {
  readonly [Option in keyof Options & string as UpperSnake<Option>]: Options[Option];
};
type LossWeights = MaskRcnnConfig['lossWeights'];
type LowerLossWeights = {
  readonly [Loss in keyof LossWeights as Lowercase<UpperSnake<Loss>>]: LossWeights[Loss];
};

/** What Matterport's `Config` holds, derived values included, and the options that are ours. */
export type MatterportConfig = Omit<Upper<MaskRcnnConfig>, 'TRAIN_BN' | 'LOSS_WEIGHTS'> & {
  /** `null` is Python's None: batch norm is trained, as `trainBn: true` does. */
  readonly TRAIN_BN: false | null | 'backbone';
  readonly LOSS_WEIGHTS: LowerLossWeights;
  readonly BATCH_SIZE: number;
  readonly IMAGE_SHAPE: readonly [number, number, number];
  readonly IMAGE_META_SIZE: number;
};

/** Options that Matterport's code lets be None. */
type MayBeNone =
  | 'name'
  | 'imageMinDim'
  | 'imageMinScale'
  | 'detectionMinConfidence'
  | 'gradientClipNorm'
  | 'trainBn';
type OptionsWithNone = {
  readonly [Option in keyof MaskRcnnConfigInput]: Option extends MayBeNone
    ? MaskRcnnConfigInput[Option] | null
    : MaskRcnnConfigInput[Option];
};

/** What a user writes: any option in either spelling, each once; Python's None is `null`. */
export type NamedConfigInput = OptionsWithNone &
  Partial<Omit<Upper<OptionsWithNone>, 'LOSS_WEIGHTS'>> & {
    readonly LOSS_WEIGHTS?: Partial<LowerLossWeights>;
  } & Partial<Pick<MatterportConfig, 'BATCH_SIZE' | 'IMAGE_SHAPE' | 'IMAGE_META_SIZE'>>;

/** `imagesPerGpu` → `IMAGES_PER_GPU`. */
export const upperSnake = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** `imagesPerGpu` → `images_per_gpu`. */
export const lowerSnake = (name: string): string => upperSnake(name).toLowerCase();

/** `IMAGES_PER_GPU` and `images_per_gpu` → `imagesPerGpu`; a name in camelCase stays. */
export const camelCase = (name: string): string =>
  /^[a-z][A-Za-z0-9]*$/.test(name)
    ? name
    : name.toLowerCase().replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Every option and derived value under Matterport's name, in the order of the alphabet. */
export function configAsMatterport(config: MaskRcnnConfig): MatterportConfig {
  const named = {
    ...renamed(config, upperSnake),
    // Matterport's True predicts by the batch's statistics too ("don't use"): ours is its None.
    TRAIN_BN: config.trainBn === true ? null : config.trainBn,
    LOSS_WEIGHTS: renamed(config.lossWeights, lowerSnake),
    BATCH_SIZE: batchSize(config),
    IMAGE_SHAPE: imageShape(config),
    IMAGE_META_SIZE: imageMetaSize(config),
  };
  const sorted = Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted) as unknown as MatterportConfig;
}

/** The lines that `Config.display()` prints, the values as JSON. */
export function displayConfig(config: MaskRcnnConfig): string {
  return Object.entries(configAsMatterport(config))
    .map(([name, value]) => `${name.padEnd(30)} ${JSON.stringify(value)}`)
    .join('\n');
}

export type Tree = Readonly<Record<string, unknown>>;

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * `under` with its options spelled as `over` spells them, so that `over` can be merged over it without an
 * option ending up in both spellings, and what is wrong is named as it was written last.
 */
export function spelledAlike(under: Tree, over: Tree): Tree {
  const spelling = new Map(Object.keys(over).map((name) => [camelCase(name), name]));
  return Object.fromEntries(
    Object.entries(under).map(([name, value]) => {
      const other = name in over ? name : (spelling.get(camelCase(name)) ?? name);
      const above = over[other];
      return [other, isTree(value) && isTree(above) ? spelledAlike(value, above) : value];
    }),
  );
}

const renamed = (options: object, rename: (name: string) => string): Tree =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [rename(name), value]));
