/** `lesionflow runs list`: the runs there are, the newest first. */
import { Option, type Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openTemporal } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { wholeNumber } from '../../option-values.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { listedStates, listRuns, type ListRunsOptions } from '../../runs/list-runs.ts';
import { renderRuns } from '../../runs/render-runs.ts';

export function addListRunsCommand(runs: Command): void {
  const command = runs
    .command('list')
    .description('the runs there are, the newest first')
    .addOption(new Option('--state <state>', 'only those').choices(listedStates))
    .option('--dataset <name>', 'only those on this data set')
    .option('--limit <number>', 'at most so many', wholeNumber(1), 20);
  addJsonOption(command, 'the runs').action(list);
  withExamples(command, [
    'runs list',
    'runs list --state running --dataset isic2018',
    "$ lesionflow runs list --state failed --json | jq -r '.[].runId'",
  ]);
}

async function list(flags: ListRunsOptions & JsonFlag): Promise<void> {
  await using temporal = await openTemporal(process.env);
  const runs = await listRuns(temporal.client, flags);
  printResult(flags, runs, () =>
    runs.length === 0 ? [noneThere(flags)] : renderRuns(runs, paletteFor(process.stdout)),
  );
}

const noneThere = ({ state, dataset }: ListRunsOptions): string =>
  state === undefined && dataset === undefined
    ? 'There are no runs yet. "lesionflow train" starts one.'
    : 'No run is like that. "lesionflow runs list" shows all.';
