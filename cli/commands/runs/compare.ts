/** `lesionflow runs compare RUN RUN…`: options that differ, losses, scores and time, side by side. */
import type { Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openTemporal } from '../../connections.ts';
import { OTHER_RUN, SOME_RUN, withExamples } from '../../examples.ts';
import { UsageError } from '../../failures.ts';
import { knownRunOf } from '../../known-run.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { compareRuns } from '../../runs/compare-runs.ts';
import { renderComparison } from '../../runs/render-comparison.ts';

export function addCompareRunsCommand(runs: Command): void {
  const command = runs
    .command('compare')
    .description('runs side by side: options that differ, losses, scores, time, steps redone')
    .argument('<run...>', 'two runs or more');
  addJsonOption(command, 'the comparison').action(compare);
  withExamples(command, [
    `runs compare ${SOME_RUN} ${OTHER_RUN}`,
    `$ lesionflow runs compare ${SOME_RUN} ${OTHER_RUN} --json | jq .options`,
  ]);
}

async function compare(runIds: string[], flags: JsonFlag): Promise<void> {
  const distinct = [...new Set(runIds)];
  if (distinct.length < 2) {
    throw new UsageError('Give two different runs or more. "lesionflow runs list" shows them.');
  }
  await using temporal = await openTemporal(process.env);
  const runs = await Promise.all(distinct.map((runId) => knownRunOf(temporal.client, runId)));
  const comparison = compareRuns(runs);
  printResult(flags, comparison, () => renderComparison(comparison, paletteFor(process.stdout)));
}
