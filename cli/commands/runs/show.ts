/** `lesionflow runs show RUN`: one run's steps, epochs, notes, scores, version and page. */
import type { Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openTemporal } from '../../connections.ts';
import { SOME_RUN, withExamples } from '../../examples.ts';
import { knownRunOf } from '../../known-run.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { RUN_HELP } from '../../run-argument.ts';
import { printable } from '../../runs/compare-runs.ts';
import { renderRun } from '../../runs/render-runs.ts';

export function addShowRunCommand(runs: Command): void {
  const command = runs
    .command('show')
    .description('how far a run is, and what it came to: steps, epochs, scores, version')
    .argument('<run>', RUN_HELP);
  addJsonOption(command, 'all that is known').action(show);
  withExamples(command, [
    `runs show ${SOME_RUN}`,
    `$ lesionflow runs show ${SOME_RUN} --json | jq .evaluation.scores`,
  ]);
}

async function show(runId: string, flags: JsonFlag): Promise<void> {
  await using temporal = await openTemporal(process.env);
  const run = await knownRunOf(temporal.client, runId);
  const page = temporal.pageOf(runId);
  const value = { ...run, request: run.request && printable(run.request), page };
  printResult(flags, value, () => renderRun({ run, page }, paletteFor(process.stdout)));
}
