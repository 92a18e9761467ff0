/** `lesionflow report RUN`: one HTML page that shows what a run did and how good its model is. */
import type { Command } from 'commander';
import { SOME_RUN, withExamples } from '../examples.ts';
import { addJsonOption } from '../output.ts';
import { RUN_HELP } from '../run-argument.ts';
import type { ReportFlags } from '../run-report.ts';

const NOTES = `
The page is one file that needs nothing else: it opens offline, on a phone too, and can be sent to others. It works
while the run is still going, and after it failed.`;

const EXAMPLES = [
  `report ${SOME_RUN}`,
  `report ${SOME_RUN} --out reports/monday.html`,
  `$ lesionflow report ${SOME_RUN} --json | jq -r .file`,
];

export function addReportCommand(program: Command): void {
  const command = program
    .command('report')
    .description('write one HTML page about a run: scores, pictures, curves, data, lineage')
    .argument('<run>', RUN_HELP)
    .option('--out <file>', 'where to write the page (default: report-RUN.html)');
  addJsonOption(command, '{runId, state, file, bytes}').action(
    async (runId: string, flags: ReportFlags) => {
      // What draws takes a second to load, and no other command needs it.
      const { runReport } = await import('../run-report.ts');
      await runReport(runId, flags);
    },
  );
  withExamples(command, EXAMPLES, { notes: NOTES });
}
