/** `lesionflow runs watch RUN`: follows a run to its end, through restarts of Temporal. */
import type { Command } from 'commander';
import { openTemporal } from '../../connections.ts';
import { SOME_RUN, withExamples } from '../../examples.ts';
import { exitCodes } from '../../failures.ts';
import { followRun } from '../../follow-run.ts';
import { onInterrupt } from '../../interrupt.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { renderResult } from '../../render-run.ts';
import { RUN_HELP } from '../../run-argument.ts';
import { requireRun } from '../../watch-run.ts';

const NOTES = `
In a terminal each step has its bar, speed, loss and the time it still takes; elsewhere each change is a line. Ctrl-C
ends the watching, never the run. A Temporal server that goes away is waited for.`;

export function addWatchRunCommand(runs: Command, finish: (exitCode: number) => void): void {
  const command = runs
    .command('watch')
    .description('follow a run to its end: bars, speed, loss, time left')
    .argument('<run>', RUN_HELP);
  addJsonOption(command, 'the result at the end').action(async (runId: string, flags: JsonFlag) =>
    finish(await watch(runId, flags)),
  );
  const waiting = `$ lesionflow runs watch ${SOME_RUN} --json > result.json && echo done`;
  withExamples(command, [`runs watch ${SOME_RUN}`, waiting], { notes: NOTES });
}

async function watch(runId: string, flags: JsonFlag): Promise<number> {
  const output = flags.json ? process.stderr : process.stdout;
  await using temporal = await openTemporal(process.env);
  const { client } = temporal;
  await requireRun(client, runId);
  const page = temporal.pageOf(runId);
  output.write(`Run ${runId}${page === undefined ? '' : `\n${page}`}\n`);
  using interrupt = onInterrupt();
  const result = await followRun({ client, runId, output, signal: interrupt.signal });
  if (result === undefined) return exitCodes.interrupted;
  printResult(flags, result, () => renderResult(result));
  return exitCodes.ok;
}
