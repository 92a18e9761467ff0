/** The options that say what to train and on what, of `train` and of `schedule create`. */
import type { Command } from 'commander';
import type { PipelineRequest } from '../../contracts/pipeline-input.ts';
import type { AutoFlags } from '../auto-preset.ts';
import { repeated } from '../option-values.ts';
import { AUTO, presetNames } from '../presets.ts';
import { buildRequest } from '../request.ts';
import { hoursOption } from './auto-options.ts';

export interface RequestOptions extends AutoFlags {
  readonly force?: true;
}

export const addRequestOptions = (command: Command): Command =>
  command
    .option('--images <zip>', 'URL (https, s3, file) or path of the archive of images')
    .option('--masks <zip>', 'URL or path of the archive of masks')
    .option('--dataset <name>', 'a name for the data set, e.g. isic2018')
    .option('--preset <name>', `a recipe: ${presetNames.join(', ')}, or ${AUTO}: made for the data`)
    .addOption(hoursOption())
    .option(
      '--config <file>',
      "JSON or YAML with the run's options, or Matterport's config in UPPER_SNAKE",
    )
    .option(
      '--weights <source>',
      'start from coco, imagenet, scratch, a .h5 file (path or URL), or a version such as lesion@champion',
    )
    .option(
      '--exclude <layer...>',
      'layers that start afresh: names or regular expressions, e.g. mrcnn_mask',
    )
    .option('--strict', 'refuse weights with layers missing, left over or of another shape')
    .option('--set <key=value>', 'one option, e.g. model.imageMaxDim=256 (repeatable)', repeated)
    .option('--force', 'train even when an earlier run did the very same');

/** The run's input, checked. `say` is told what `--preset auto` proposes. Throws `UsageError`. */
export async function requestOf(
  flags: RequestOptions,
  say: (text: string) => void,
): Promise<PipelineRequest> {
  const request = buildRequest(flags.preset === AUTO ? await madeForTheData(flags, say) : flags);
  return flags.force ? { ...request, force: true } : request;
}

/** What reads pictures takes a second to load. */
async function madeForTheData(flags: RequestOptions, say: (text: string) => void) {
  const { withAutoPreset } = await import('../auto-preset.ts');
  return withAutoPreset(flags, say);
}
