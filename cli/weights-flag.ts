/** `--weights`, `--exclude` and `--strict`: what the run starts from. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearest } from '../wording/nearest.ts';
import type { Tree } from '../maskrcnn/config-names.ts';
import { UsageError } from './failures.ts';

export interface WeightsFlags {
  /** `coco`, `imagenet`, `scratch`, a path, a URL, or `model@version`. */
  readonly weights?: string | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly strict?: boolean | undefined;
}

const KINDS = ['coco', 'imagenet', 'scratch'];

/**
 * `training.initialWeights` of the run's input. `before` is what the preset and the file say: `--weights`
 * takes its place, the other two add to it. Throws `UsageError`.
 */
export function initialWeightsOf(
  { weights, exclude, strict }: WeightsFlags,
  before: unknown,
): Tree {
  const from = weights === undefined ? (before as Tree | undefined) : sourceOf(weights);
  return {
    ...(from ?? { from: 'coco' }),
    ...(exclude === undefined ? {} : { exclude }),
    ...(strict === undefined ? {} : { strict }),
  };
}

function sourceOf(weights: string): Tree {
  if (KINDS.includes(weights)) return { from: weights };
  if (/^(https?|s3|file):\/\//.test(weights)) return { from: 'file', url: weights };
  const path = resolve(weights);
  if (existsSync(path)) return { from: 'file', url: pathToFileURL(path).href };
  const [, model, version] = /^([a-z0-9][a-z0-9-]*)@([a-z0-9][a-z0-9-]*)$/.exec(weights) ?? [];
  if (model !== undefined && version !== undefined) {
    return { from: 'version', model, version: /^\d+$/.test(version) ? Number(version) : version };
  }
  const near = nearest(weights, KINDS);
  throw new UsageError(
    `--weights takes ${KINDS.join(', ')}, a weight file's path or URL, or a model such as ` +
      `lesion@champion; there is no file ${path}${near === undefined ? '' : ` (did you mean "${near}"?)`}.`,
    { weights },
  );
}
