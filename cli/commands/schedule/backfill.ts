/** `lesionflow schedule backfill NAME --from … --to …`: runs for times that are over. */
import { Option, type Command } from 'commander';
import { openTemporal } from '../../connections.ts';
import { counted } from '../../../report/run-page/words.ts';
import { withExamples } from '../../examples.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { backfillSchedule, momentOf } from '../../schedules/backfill-schedule.ts';
import { overlapNames, type Overlap } from '../../schedules/policies.ts';

interface BackfillFlags extends JsonFlag {
  readonly from: string;
  readonly to?: string;
  readonly overlap: Overlap;
}

const NOTES = `
A run trains on the archives as they are now, whatever time it makes up for: of several, the first one trains and the
others end as "no change" (unless the schedule says --force). A time that has its run already gets no second one.`;

export function addBackfillCommand(schedule: Command): void {
  const command = schedule
    .command('backfill')
    .description("make up for times that are over: missed, paused, or before the schedule's making")
    .argument('<name>', "the schedule's name")
    .requiredOption('--from <time>', 'the first time that counts: 2026-11-01, 2026-11-01T02:00Z')
    .option('--to <time>', 'the last one (default: now)')
    .addOption(
      new Option('--overlap <policy>', "for these runs, whatever the schedule's own is")
        .choices(overlapNames)
        .default('buffer-all' satisfies Overlap),
    );
  addJsonOption(command).action(backfill);
  withExamples(
    command,
    [
      'schedule backfill weekly --from 2026-11-22 --to 2026-11-23',
      'schedule backfill weekly --from 2026-11-01 --overlap skip',
    ],
    { notes: NOTES },
  );
}

async function backfill(name: string, flags: BackfillFlags): Promise<void> {
  const { overlap } = flags;
  const from = momentOf('--from', flags.from);
  const to = flags.to === undefined ? new Date() : momentOf('--to', flags.to);
  await using temporal = await openTemporal(process.env);
  const { asked, there } = await backfillSchedule(temporal.client, { name, from, to, overlap });
  printResult(flags, { name, overlap, asked, there }, () => [
    `Asked for ${counted(asked.length, 'run')}, by the overlap policy ${overlap}:`,
    ...asked.map(({ runId }) => `  ${runId}`),
    ...(there.length === 0 ? [] : [`${counted(there.length, 'time')} more had a run already.`]),
    `"lesionflow schedule show ${name}" shows what comes of them.`,
  ]);
}
