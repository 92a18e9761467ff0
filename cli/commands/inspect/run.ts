/** `lesionflow inspect run RUN`: what its manifests in the store say, from the archives to the version. */
import type { Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openStore, openTemporal } from '../../connections.ts';
import { SOME_RUN, withExamples } from '../../examples.ts';
import { inspectRun } from '../../inspect/inspect-run.ts';
import { renderInspectedRun } from '../../inspect/render-run.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { RUN_HELP } from '../../run-argument.ts';

const NOTES = `
"runs show" says how far a run is; this says what it is made of and what it left in the store: the data and what was set
aside, the split, the recipe, the checkpoints that are kept, the scores and the hashes that lead from the archives to the version.`;

export function addInspectRunCommand(inspect: Command): void {
  const command = inspect
    .command('run')
    .description('what a run is made of and has stored: data, split, recipe, checkpoints, lineage')
    .argument('<run>', RUN_HELP);
  addJsonOption(command, 'all of it').action(show);
  withExamples(
    command,
    [
      `inspect run ${SOME_RUN}`,
      `$ lesionflow inspect run ${SOME_RUN} --json | jq '.quarantined[] | .id'`,
      `$ lesionflow inspect run ${SOME_RUN} --json | jq .request > again.json && lesionflow train --config again.json`,
    ],
    { notes: NOTES },
  );
}

async function show(runId: string, flags: JsonFlag): Promise<void> {
  await using temporal = await openTemporal(process.env);
  using store = openStore(process.env);
  const found = await inspectRun({ store, client: temporal.client }, runId);
  printResult(flags, found, () => renderInspectedRun(found, paletteFor(process.stdout)));
}
