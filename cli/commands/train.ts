/** `lesionflow train`: starts a run and follows it to its end. */
import { Option, type Command } from 'commander';
import type { AutoFlags } from '../auto-preset.ts';
import { openTemporal } from '../connections.ts';
import { exitCodes } from '../failures.ts';
import { followRun } from '../follow-run.ts';
import { onInterrupt } from '../interrupt.ts';
import { AUTO, presetNames } from '../presets.ts';
import { renderResult } from '../render-run.ts';
import { buildRequest } from '../request.ts';
import { startRun } from '../start-run.ts';
import { DEFAULT_HOURS, HOURS_HELP, positiveNumber } from './auto-options.ts';

interface TrainFlags extends AutoFlags {
  readonly force?: true;
  readonly detach?: true;
  readonly json?: true;
}

export function addTrainCommand(program: Command, finish: (exitCode: number) => void): void {
  const repeated = (value: string, before: readonly string[] = []) => [...before, value];
  program
    .command('train')
    .description('start a run and follow it; the run goes on when this command is stopped')
    .option('--images <zip>', 'URL (https, s3, file) or path of the archive of images')
    .option('--masks <zip>', 'URL or path of the archive of masks')
    .option('--dataset <name>', 'a name for the data set, e.g. isic2018')
    .option('--preset <name>', `a recipe: ${presetNames.join(', ')}, or ${AUTO}: made for the data`)
    .option('--hours <number>', HOURS_HELP, positiveNumber, DEFAULT_HOURS)
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
    .addOption(new Option('--detach', 'only start the run and print its id'))
    .option('--json', 'print the result as JSON on stdout, progress on stderr')
    .action(async (flags: TrainFlags) => finish(await train(flags)));
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
    process.stdout.write(flags.json ? `${JSON.stringify({ runId, page })}\n` : `${runId}\n`);
    return exitCodes.ok;
  }
  say(`Run ${runId}${page === undefined ? '' : `\n${page}`}`);
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  const result = await followRun({ client: temporal.client, runId, output, signal });
  if (result === undefined) {
    say(`The run goes on. "lesionflow status ${runId}" shows how far it is.`);
    return exitCodes.interrupted;
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else for (const line of renderResult(result)) say(line);
  return exitCodes.ok;
}
