/**
 * A run's input from the command line: the preset, over it the config file, over it each `--set`, over it the
 * flags of the data set and of the weights. It is checked before anything is started; the workflow checks it again.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { describeIssues } from '../wording/describe-issues.ts';
import { nearest } from '../wording/nearest.ts';
import { pipelineInputSchema, type PipelineRequest } from '../contracts/pipeline-input.ts';
import { isTree, spelledAlike, type Tree } from '../maskrcnn/config-names.ts';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import { UsageError } from './failures.ts';
import { AUTO, presetNames, presets, type PresetName } from './presets.ts';
import { initialWeightsOf, type WeightsFlags } from './weights-flag.ts';

export interface RequestFlags extends WeightsFlags {
  /** A name, or what `--preset auto` came to. */
  readonly preset?: string | Tree | undefined;
  /** Path of a JSON or YAML file. */
  readonly config?: string | undefined;
  /** `key.path=value`, the value as JSON or else as text. */
  readonly set?: readonly string[] | undefined;
  readonly dataset?: string | undefined;
  /** URL or path of a zip. */
  readonly images?: string | undefined;
  readonly masks?: string | undefined;
}

/** Throws `UsageError` that names each wrong field, flag or file. */
export function buildRequest(flags: RequestFlags): PipelineRequest {
  const request = mergedRequest(flags);
  const parsed = pipelineInputSchema.safeParse(request);
  if (!parsed.success) throw invalidInput(parsed.error, pipelineInputSchema, request);
  return request as PipelineRequest;
}

/** What the flags set over their preset, unchecked. Throws `UsageError` for a file or flag that cannot be read. */
export const givenOptions = (flags: RequestFlags): Tree =>
  mergedRequest({ ...flags, preset: undefined });

/** The model's config alone, for which no data set is needed. Throws `UsageError` as `buildRequest` does. */
export function buildConfig(flags: RequestFlags): MaskRcnnConfig {
  const schema = z.looseObject({ model: pipelineInputSchema.shape.model });
  const request = mergedRequest(flags);
  const parsed = schema.safeParse(request);
  if (!parsed.success) throw invalidInput(parsed.error, schema, request);
  return parsed.data.model;
}

function mergedRequest(flags: RequestFlags): Tree {
  const layers = [
    presetNamed(flags.preset),
    flags.config === undefined ? {} : readConfigFile(flags.config),
    ...(flags.set ?? []).map(settingOf),
    datasetOf(flags),
  ];
  return withWeights(layers.reduce(mergeRequests), flags);
}

function invalidInput(error: z.ZodError, schema: z.ZodType, input: unknown): UsageError {
  const problems = describeIssues(error, { schema, input });
  return new UsageError(
    `The run's input is not valid:\n${problems.map((problem) => `- ${problem}`).join('\n')}\n` +
      'Nothing was started. Correct the flags or the config file.',
    { problems },
  );
}

/** The URL of an archive; a path must name a file that is there. */
export function archiveUrl(place: string): string {
  if (/^(https?|s3|file):\/\//.test(place)) return place;
  const path = resolve(place);
  if (!existsSync(path)) {
    throw new UsageError(
      `There is no file ${path}. Give a zip's path, or its https, s3 or file URL.`,
      {
        path,
      },
    );
  }
  return pathToFileURL(path).href;
}

function presetNamed(name: RequestFlags['preset']): Tree {
  if (name === undefined) return {};
  if (typeof name !== 'string') return name;
  if ((presetNames as readonly string[]).includes(name)) return presets[name as PresetName];
  if (name === AUTO) {
    throw new UsageError(
      `The preset "${AUTO}" looks at archives: it is for train, demo and "inspect data".`,
      { preset: name },
    );
  }
  const near = nearest(name, [...presetNames, AUTO]);
  throw new UsageError(
    `There is no preset "${name}"${near === undefined ? '' : ` (did you mean "${near}"?)`}. ` +
      `The presets are ${presetNames.join(', ')}.`,
    { preset: name },
  );
}

function readConfigFile(path: string): Tree {
  let value: unknown;
  try {
    // JSON is YAML too.
    value = parseYaml(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`The config file ${path} cannot be read: ${reason}`, { path });
  }
  if (isTree(value)) return withModelSection(value);
  throw new UsageError(`The config file ${path} must hold an object with the run's options.`, {
    path,
  });
}

/** A file may be Matterport's config as it stands: options in UPPER_SNAKE at the top are the model's. */
function withModelSection(file: Tree): Tree {
  const isOption = ([name]: [string, unknown]) => /^[A-Z][A-Z0-9_]*$/.test(name);
  const options = Object.entries(file).filter(isOption);
  if (options.length === 0) return file;
  const { model = {}, ...rest } = Object.fromEntries(
    Object.entries(file).filter((entry) => !isOption(entry)),
  );
  return { ...rest, model: isTree(model) ? { ...model, ...Object.fromEntries(options) } : model };
}

function settingOf(setting: string): Tree {
  const [, path, text] = /^([^=]+)=(.*)$/s.exec(setting) ?? [];
  if (path === undefined || text === undefined) {
    throw new UsageError(`--set takes key=value, e.g. model.imageMaxDim=256; got "${setting}".`, {
      setting,
    });
  }
  return path
    .split('.')
    .reduceRight<unknown>((value, key) => ({ [key]: value }), valueOf(text)) as Tree;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function datasetOf({ dataset, images, masks }: RequestFlags): Tree {
  const given = {
    ...(dataset === undefined ? {} : { name: dataset }),
    ...(images === undefined ? {} : { images: archiveUrl(images) }),
    ...(masks === undefined ? {} : { masks: archiveUrl(masks) }),
  };
  return Object.keys(given).length === 0 ? {} : { dataset: given };
}

function withWeights(request: Tree, flags: WeightsFlags): Tree {
  const { weights, exclude, strict } = flags;
  if (weights === undefined && exclude === undefined && strict === undefined) return request;
  const training = isTree(request['training']) ? request['training'] : {};
  const initialWeights = initialWeightsOf(flags, training['initialWeights']);
  return { ...request, training: { ...training, initialWeights } };
}

/** `over` wins. The model's options count as the same in Matterport's spelling and in ours. */
export function mergeRequests(under: Tree, over: Tree): Tree {
  const [model, above] = [under['model'], over['model']];
  const alike = isTree(model) && isTree(above) ? { model: spelledAlike(model, above) } : {};
  return merge({ ...under, ...alike }, over);
}

/** Objects are merged field by field, and `{"0": …}` goes into a list; anything else replaces. */
function merge(under: Tree, over: Tree): Tree {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    if (isTree(before) && isTree(value)) merged[key] = merge(before, value);
    else if (Array.isArray(before) && isTree(value)) merged[key] = mergeIntoList(before, value);
    else merged[key] = value;
  }
  return merged;
}

function mergeIntoList(list: readonly unknown[], over: Tree): unknown {
  const keys = Object.keys(over);
  if (!keys.every((key) => /^\d+$/.test(key) && Number(key) < list.length)) return over;
  return Object.values(merge(Object.fromEntries(list.entries()), over));
}
