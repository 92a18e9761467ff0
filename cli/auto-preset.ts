/**
 * `--preset auto`: a preset made for the data at hand. It builds on `scratch`, or on `recipe` where there is a GPU or
 * weights are named, and puts what the data speaks for over it (`datasets/fingerprint/propose.ts`). What the user
 * sets wins over both.
 */
import { measurePairs } from '../datasets/fingerprint/measure-pairs.ts';
import { propose } from '../datasets/fingerprint/propose.ts';
import type { Proposal } from '../datasets/fingerprint/proposal.ts';
import { pipelineInputSchema, type PipelineInput } from '../contracts/pipeline-input.ts';
import { camelCase, isTree, type Tree } from '../maskrcnn/config-names.ts';
import { LesionFlowError } from '../contracts/errors.ts';
import { UsageError } from './failures.ts';
import { openPairs, samplePairs } from './inspect/open-pairs.ts';
import { progressOn } from './inspect/progress-line.ts';
import { renderProposals } from './inspect/render-proposals.ts';
import { AUTO, presets, type PresetName } from './presets.ts';
import { buildRequest, givenOptions, mergeRequests, type RequestFlags } from './request.ts';
import { thisMachine } from './this-machine.ts';

/** Pairs that speak for a whole archive: quantiles of lesion sizes are then within a few hundredths. */
const SAMPLE = 300;
const SEED = 42;

export interface AutoFlags extends RequestFlags {
  /** Hours that training may take. */
  readonly hours: number;
}

export interface AutoPreset {
  readonly name: PresetName;
  /** The preset that is built upon, with what the user has set over it. */
  readonly base: PipelineInput;
  readonly isGiven: (option: string) => boolean;
  /** All of a run's input but its data set. */
  adopt(proposals: readonly Proposal[]): Tree;
}

/** Throws `UsageError` as `buildRequest` does. */
export function autoPresetFor(flags: RequestFlags): AutoPreset {
  const given = givenOptions(flags);
  const name = baseOf(given);
  return {
    name,
    base: pipelineInputSchema.parse(buildRequest({ ...flags, preset: name })),
    isGiven: (option) => isIn(given, option.split('.')),
    adopt: (proposals) =>
      [
        presets[name],
        ...proposals.flatMap(({ options }) => Object.entries(options).map(setting)),
      ].reduce<Tree>(mergeRequests, {}),
  };
}

/**
 * The flags with `auto` replaced by what a sample of the archives speaks for; other presets stay. `say` is told
 * each proposal with its reason. Throws `UsageError`, also when the archives cannot be looked into from here.
 */
export async function withAutoPreset(
  flags: AutoFlags,
  say: (text: string) => void,
): Promise<RequestFlags> {
  if (flags.preset !== AUTO) return flags;
  const auto = autoPresetFor(flags);
  const { dataset } = auto.base;
  say(`Looking at the data for --preset ${AUTO} …`);
  await using opened = await openPairs({
    images: dataset.images.url,
    masks: dataset.masks.url,
  }).catch((error: unknown) => {
    throw unreadable(error);
  });
  const chosen = samplePairs(opened.pairs, { count: SAMPLE, seed: SEED });
  const { measures, quarantined } = await measurePairs({
    store: opened.store,
    pairs: chosen,
    onProgress: progressOn(process.stderr, 'measured'),
  });
  if (measures.length === 0) throw noneUsable(quarantined);
  const usable = Math.round((opened.pairs.length * measures.length) / chosen.length);
  const { hours } = flags;
  const machine = thisMachine();
  const proposals = propose({ measures, pairs: usable, ...auto, machine, hours });
  const heading =
    `From ${String(measures.length)} of ${opened.pairs.length.toLocaleString('en')} pairs and this machine, ` +
    `over the preset ${auto.name} (--set wins over each):`;
  for (const line of [heading, ...renderProposals(proposals), '']) say(line);
  return { ...flags, preset: auto.adopt(proposals) };
}

/** COCO's weights want the network that they come from; without them, and on a CPU, the small one learns sooner. */
function baseOf(given: Tree): PresetName {
  const training = given['training'];
  const weights = isTree(training) ? training['initialWeights'] : undefined;
  const from = isTree(weights) ? weights['from'] : undefined;
  if (from === 'scratch') return 'scratch';
  return from !== undefined || thisMachine().hasGpu ? 'recipe' : 'scratch';
}

/** Is there a value at the path? The model's options may stand under Matterport's names. */
function isIn(at: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return at !== undefined;
  if (Array.isArray(at)) return isIn(at[Number(key)], rest);
  if (!isTree(at)) return false;
  const spelled = Object.keys(at).find((name) => name === key || camelCase(name) === key);
  return spelled !== undefined && isIn(at[spelled], rest);
}

const setting = ([option, value]: readonly [string, unknown]): Tree =>
  option.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Tree;

function unreadable(error: unknown): unknown {
  if (!(error instanceof LesionFlowError) || error instanceof UsageError) return error;
  return new UsageError(
    `--preset ${AUTO} looks at the archives from this machine, and cannot: ${error.message} ` +
      'The workers may reach what this machine does not: name another preset, e.g. scratch.',
    { code: error.code },
  );
}

export function noneUsable(
  failed: readonly { id: string; reason: string; detail: string }[],
): UsageError {
  const some = failed.slice(0, 3).map(({ id, reason, detail }) => `${id}: ${reason} (${detail})`);
  return new UsageError(
    `None of the ${String(failed.length)} pairs that were read can be used: ${some.join('; ')}.`,
    { failed: failed.length },
  );
}
