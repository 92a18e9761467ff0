/**
 * Options as a user writes them, in Matterport's spelling or ours → the whole config. Python's `None` is
 * `null`.
 *
 * Differs from Matterport's `Config` on purpose: an unknown name is an error that suggests the nearest one,
 * an option stands in one spelling only, and a derived value must agree with what it is derived from. Pure
 * functions, for workflows too.
 */
import { z } from 'zod';
import { describeIssues } from '../wording/describe-issues.ts';
import { camelCase, isTree, lowerSnake, upperSnake } from './config-names.ts';
import type { NamedConfigInput, Tree } from './config-names.ts';
import {
  batchSize,
  imageMetaSize,
  imageShape,
  maskRcnnConfigSchema,
  type MaskRcnnConfig,
  type MaskRcnnConfigInput,
} from './config.ts';
import { ConfigError } from './errors.ts';

/** What None says where Matterport's code takes it; `undefined` leaves the default. */
const NONE_MEANS: Tree = {
  name: undefined,
  imageMinDim: 0,
  imageMinScale: 0,
  detectionMinConfidence: 0,
  gradientClipNorm: 0,
  trainBn: true,
};

const NO_BACKBONE_OF_ONES_OWN =
  'must be null or left out: the backbones are resnet50 and resnet101, and their shapes are known';

/** Values that Matterport computes from others and keeps in the config. */
const DERIVED = {
  batchSize: { schema: z.int(), from: ['gpuCount', 'imagesPerGpu'], of: batchSize },
  imageShape: {
    schema: z.array(z.int()).length(3),
    from: ['imageMaxDim', 'imageMinDim', 'imageResizeMode'],
    of: imageShape,
  },
  imageMetaSize: { schema: z.int(), from: ['numClasses'], of: imageMetaSize },
  computeBackboneShape: {
    schema: z.unknown().refine((value) => value === null, NO_BACKBONE_OF_ONES_OWN),
    from: [],
    of: () => null,
  },
} as const;

/**
 * The schema of options in either spelling. `recipe` lies over Matterport's defaults and under what is
 * given. Issues keep the spelling that was given.
 */
export function namedConfigSchema(
  recipe: MaskRcnnConfigInput = {},
): z.ZodType<MaskRcnnConfig, NamedConfigInput> {
  const { lossWeights, ...options } = maskRcnnConfigSchema.unwrap().shape;
  const losses = eitherSpelling(lossWeights.unwrap().shape, lowerSnake);
  const derived = Object.entries(DERIVED).map(([name, { schema }]) => [name, schema] as const);
  const fields = { ...options, lossWeights: losses, ...Object.fromEntries(derived) };
  const schema = eitherSpelling(fields, upperSnake).transform((given, context) =>
    complete(given, { recipe, context }),
  );
  return schema;
}

/** @throws ConfigError that names every wrong option, with the nearest right name. */
export function parseConfig(given: NamedConfigInput): MaskRcnnConfig {
  const schema = namedConfigSchema();
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigError(describeIssues(result.error, { schema, input: given }));
}

/** An object of the fields under both names, all optional and without their defaults. */
function eitherSpelling(
  fields: Readonly<Record<string, z.core.$ZodType>>,
  rename: (name: string) => string,
): z.ZodObject<Record<string, z.ZodOptional>, z.core.$strict> {
  const both = Object.entries(fields).flatMap(([name, field]) => {
    const value = withoutDefault(field);
    const optional = z.optional(name in NONE_MEANS ? z.nullable(value) : value);
    return [[name, optional] as const, [rename(name), optional] as const];
  });
  return z.strictObject(Object.fromEntries(both));
}

const withoutDefault = (field: z.core.$ZodType): z.core.$ZodType =>
  field instanceof z.ZodDefault || field instanceof z.ZodPrefault ? field.def.innerType : field;

interface CompleteOptions {
  readonly recipe: MaskRcnnConfigInput;
  readonly context: z.core.$RefinementCtx<Tree>;
}

function complete(given: Tree, { recipe, context }: CompleteOptions): MaskRcnnConfig {
  const complain = (path: readonly string[], message: string) => {
    context.addIssue({ code: 'custom', path: [...path], message });
  };
  const options = inOurNames(given, complain);
  const spelled = (name: string) => spellingOf(name, given);
  const losses = options['lossWeights'];
  if (isTree(losses)) {
    options['lossWeights'] = inOurNames(losses, ([loss = ''], message) =>
      complain([spelled('lossWeights'), loss], message),
    );
  }
  const own = Object.entries(options).filter(([name]) => !(name in DERIVED));
  const whole = { ...recipe, ...Object.fromEntries(own) };
  // jitless: the sandbox of workflows forbids generated code.
  const result = maskRcnnConfigSchema.safeParse(whole, { jitless: true });
  if (!result.success) {
    for (const { path, message } of result.error.issues) {
      complain(
        path.map((name, depth) => (depth === 0 ? spelled(String(name)) : String(name))),
        message,
      );
    }
    return z.NEVER;
  }
  for (const [name, { from, of }] of Object.entries(DERIVED)) {
    const [value, derived] = [options[name], of(result.data)].map((it) => JSON.stringify(it));
    if (value !== undefined && value !== derived) {
      const sources = from.map((source) => (name in given ? source : upperSnake(source)));
      complain(
        [spelled(name)],
        `follows from ${sources.join(', ')} and would be ${derived ?? ''}: set these, or leave it out; got ${value}`,
      );
    }
  }
  return result.data;
}

/** Under our names, None replaced; complains of an option in both spellings. */
function inOurNames(
  given: Tree,
  complain: (path: readonly string[], message: string) => void,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [spelling, value] of Object.entries(given)) {
    const name = camelCase(spelling);
    if (name !== spelling && name in given) {
      complain([spelling], `is given as ${name} too: keep one of the two`);
    }
    const meant = value === null ? NONE_MEANS[name] : value;
    if (meant !== undefined) options[name] = meant;
  }
  return options;
}

const spellingOf = (name: string, given: Tree): string =>
  Object.keys(given).find((spelling) => camelCase(spelling) === name) ?? name;
