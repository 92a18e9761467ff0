/** `lesionflow report RUN`: one HTML page that shows what a run did and how good its model is. */
import type { Command } from 'commander';
import type { ReportFlags } from '../run-report.ts';

const HELP = `
The page is one file that needs nothing else: it opens offline, on a phone too, and can be sent to others. It works
while the run is still going, and after it failed.

Examples:
  lesionflow report isic2018-20261126-080439
  lesionflow report isic2018-20261126-080439 --out reports/monday.html
  lesionflow report isic2018-20261126-080439 --json | jq -r .file
`;

export function addReportCommand(program: Command): void {
  program
    .command('report')
    .description('write one HTML page about a run: scores, pictures, curves, data, lineage')
    .argument('<run>', "the run's id, as `lesionflow status` lists it")
    .option('--out <file>', 'where to write the page (default: report-RUN.html)')
    .option('--json', 'print {runId, state, file, bytes} as JSON')
    .addHelpText('after', HELP)
    .action(async (runId: string, flags: ReportFlags) => {
      // What draws takes a second to load, and no other command needs it.
      const { runReport } = await import('../run-report.ts');
      await runReport(runId, flags);
    });
}
