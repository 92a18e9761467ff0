/** `lesionflow schedule show NAME`: when it runs, its policies, and what became of its newest runs. */
import type { Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openTemporal } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { renderSchedule } from '../../schedules/render-schedules.ts';
import { showSchedule } from '../../schedules/show-schedule.ts';

export function addShowScheduleCommand(schedule: Command): void {
  const command = schedule
    .command('show')
    .description('when it runs, its policies, and what became of its newest runs')
    .argument('<name>', "the schedule's name");
  addJsonOption(command, 'the schedule').action(show);
  withExamples(command, [
    'schedule show weekly',
    "$ lesionflow schedule show weekly --json | jq '.input' > run.json",
  ]);
}

async function show(name: string, flags: JsonFlag): Promise<void> {
  await using temporal = await openTemporal(process.env);
  const shown = await showSchedule(temporal, name);
  printResult(flags, shown, () => renderSchedule(shown, paletteFor(process.stdout)));
}
