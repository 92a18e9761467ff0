/** `lesionflow train`: starts a run and follows it to its end. */
import type { Command } from 'commander';
import type { AutoFlags } from '../auto-preset.ts';
import { openTemporal } from '../connections.ts';
import { withExamples } from '../examples.ts';
import { exitCodes } from '../failures.ts';
import { followRun } from '../follow-run.ts';
import { onInterrupt } from '../interrupt.ts';
import { repeated } from '../option-values.ts';
import { addJsonOption, printResult, type JsonFlag } from '../output.ts';
import { AUTO, presetNames } from '../presets.ts';
import { renderResult } from '../render-run.ts';
import { buildRequest } from '../request.ts';
import { startRun } from '../start-run.ts';
import { hoursOption } from './auto-options.ts';

interface TrainFlags extends AutoFlags, JsonFlag {
  readonly force?: true;
  readonly detach?: true;
}

export function addTrainCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('train')
    .description('start a run and follow it; the run goes on when this command is stopped')
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
    .option('--force', 'train even when an earlier run did the very same')
    .option('--detach', 'only start the run and print its id');
  addJsonOption(command).action(async (flags: TrainFlags) => finish(await train(flags)));
  withExamples(command, [
    'train --images images.zip --masks masks.zip --dataset moles --preset auto --hours 2',
    `train --images s3://data/images.zip --masks s3://data/masks.zip --dataset isic2018 \\
    --preset isic2018 --weights lesion@champion --set training.stages.0.epochs=5`,
    '$ RUN=$(lesionflow train --config run.yaml --detach) && lesionflow runs watch "$RUN"',
  ]);
}

/** What reads pictures takes a second to load. */
async function madeForTheData(flags: TrainFlags, say: (text: string) => void) {
  const { withAutoPreset } = await import('../auto-preset.ts');
  return withAutoPreset(flags, say);
}

async function train(flags: TrainFlags): Promise<number> {
  // A detached start prints its run's id alone.
  const output = flags.json || flags.detach ? process.stderr : process.stdout;
  const say = (text: string) => void output.write(`${text}\n`);
  const request = buildRequest(flags.preset === AUTO ? await madeForTheData(flags, say) : flags);
  if (flags.force) request.force = true;
  await using temporal = await openTemporal(process.env);
  const runId = await startRun(temporal.client, request);
  const page = temporal.pageOf(runId);
  if (flags.detach) {
    printResult(flags, { runId, page }, () => [runId]);
    return exitCodes.ok;
  }
  say(`Run ${runId}${page === undefined ? '' : `\n${page}`}`);
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  const result = await followRun({ client: temporal.client, runId, output, signal });
  if (result === undefined) {
    say(`The run goes on. "lesionflow runs watch ${runId}" shows how far it is.`);
    return exitCodes.interrupted;
  }
  printResult(flags, result, () => renderResult(result));
  return exitCodes.ok;
}
