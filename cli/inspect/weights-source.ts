/** Whose weights are looked at: a Keras file, or a published version with its own config. */
import { existsSync } from 'node:fs';
import { basename, extname } from 'node:path';
import type { ModelVersionManifest } from '../../contracts/manifests.ts';
import type { MaskRcnnConfig, MaskRcnnConfigInput } from '../../maskrcnn/config.ts';
import { readKerasWeights, type StoredLayer } from '../../maskrcnn/weights/keras-h5.ts';
import { downloadVersion, resolveVersion } from '../../storage/model-registry.ts';
import { openStore } from '../connections.ts';
import { cacheFolderOf } from '../dev-file.ts';
import { UsageError } from '../failures.ts';
import { parseModelName } from '../model-name.ts';
import { modelConfig, type ConfigFlags } from './model-config.ts';

export interface WeightsSource {
  /** For titles: the file's name, or `lesion@3`. */
  readonly name: string;
  readonly path: string;
  readonly config: MaskRcnnConfig;
  /** Background first. */
  readonly classNames: readonly string[];
  /** Of a published version. */
  readonly manifest?: ModelVersionManifest;
}

/** `weights` is the path of a `.h5` file, or a version as `predict` takes it. */
export async function weightsSource(
  weights: string,
  flags: ConfigFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<WeightsSource> {
  if (existsSync(weights)) return fileSource(weights, flags);
  if (/^\.h(5|df5)$/i.test(extname(weights)) || weights.includes('/')) {
    throw new UsageError(
      `There is no file ${weights}. Give a Keras .h5 file, or a published version such ` +
        'as champion, 3 or lesion@3.',
      { weights },
    );
  }
  if (flags.config !== undefined || flags.preset !== undefined || flags.set !== undefined) {
    throw new UsageError(
      `--preset, --config and --set are for .h5 files: the version ${weights} has its own config.`,
      { weights },
    );
  }
  return versionSource(weights, environment);
}

async function versionSource(
  weights: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<WeightsSource> {
  const { model, version } = parseModelName(weights, 'weights');
  using store = openStore(environment);
  const resolved = await resolveVersion(store, model, version);
  const { weightsPath } = await downloadVersion(store, resolved, cacheFolderOf(environment));
  const { config, classNames } = resolved.manifest;
  return {
    name: `${resolved.ref.model}@${String(resolved.ref.version)}`,
    path: weightsPath,
    config,
    classNames,
    manifest: resolved.manifest,
  };
}

async function fileSource(path: string, flags: ConfigFlags): Promise<WeightsSource> {
  using file = await readKerasWeights(path);
  const config = modelConfig(flags, optionsOf(file.layers));
  const names = config.numClasses === 2 ? ['background', 'lesion'] : ['background'];
  return { name: basename(path), path, config, classNames: names };
}

/** The options that a file's layers and shapes tell; the flags may say otherwise. */
function optionsOf(layers: readonly StoredLayer[]): MaskRcnnConfigInput {
  const shapes = new Map(
    layers.flatMap(({ weights }) => weights.map(({ name, shape }) => [name, shape] as const)),
  );
  const channels = (name: string) => shapes.get(name)?.at(-1);
  const numClasses = channels('mrcnn_class_logits/bias');
  const topDownPyramidSize = channels('fpn_p2/bias');
  const fpnClassifFcLayersSize = channels('mrcnn_class_conv1/bias');
  const isGrouped = shapes.has('bn_conv1/gamma') && !shapes.has('bn_conv1/moving_mean');
  return {
    // The 23rd block of stage 4, which only ResNet-101 has.
    backbone: shapes.has('res4w_branch2a/kernel') ? 'resnet101' : 'resnet50',
    ...(numClasses !== undefined && { numClasses }),
    ...(topDownPyramidSize !== undefined && { topDownPyramidSize }),
    ...(fpnClassifFcLayersSize !== undefined && { fpnClassifFcLayersSize }),
    ...(isGrouped && { normalization: 'group' as const }),
  };
}
