/** `lesionflow train`: starts a run and follows it to its end. */
import type { Command } from 'commander';
import { openTemporal } from '../connections.ts';
import { withExamples } from '../examples.ts';
import { exitCodes } from '../failures.ts';
import { followRun } from '../follow-run.ts';
import { onInterrupt } from '../interrupt.ts';
import { addJsonOption, printResult, type JsonFlag } from '../output.ts';
import { renderResult } from '../render-run.ts';
import { startRun } from '../start-run.ts';
import { addRequestOptions, requestOf, type RequestOptions } from './request-options.ts';

interface TrainFlags extends RequestOptions, JsonFlag {
  readonly detach?: true;
}

export function addTrainCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('train')
    .description('start a run and follow it; the run goes on when this command is stopped');
  addRequestOptions(command).option('--detach', 'only start the run and print its id');
  addJsonOption(command).action(async (flags: TrainFlags) => finish(await train(flags)));
  withExamples(command, [
    'train --images images.zip --masks masks.zip --dataset moles --preset auto --hours 2',
    `train --images s3://data/images.zip --masks s3://data/masks.zip --dataset isic2018 \\
    --preset recipe --weights lesion@champion --set training.stages.0.epochs=5`,
    '$ RUN=$(lesionflow train --config run.yaml --detach) && lesionflow runs watch "$RUN"',
  ]);
}

async function train(flags: TrainFlags): Promise<number> {
  // A detached start prints its run's id alone.
  const output = flags.json || flags.detach ? process.stderr : process.stdout;
  const say = (text: string) => void output.write(`${text}\n`);
  const request = await requestOf(flags, say);
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
