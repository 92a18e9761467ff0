/** `lesionflow schedule list`: the schedules that start LesionFlow's runs. */
import type { Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openTemporal } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { listSchedules } from '../../schedules/known-schedule.ts';
import { renderSchedules } from '../../schedules/render-schedules.ts';

export function addListSchedulesCommand(schedule: Command): void {
  const command = schedule
    .command('list')
    .description('the schedules; what has just changed shows a moment later');
  addJsonOption(command, 'the schedules').action(list);
  withExamples(command, [
    'schedule list',
    "$ lesionflow schedule list --json | jq -r '.[] | select(.isPaused) | .name'",
  ]);
}

async function list(flags: JsonFlag): Promise<void> {
  await using temporal = await openTemporal(process.env);
  const schedules = await listSchedules(temporal.client);
  printResult(flags, schedules, () =>
    schedules.length === 0
      ? ['There are no schedules yet. "lesionflow schedule create" makes one.']
      : renderSchedules(schedules, paletteFor(process.stdout)),
  );
}
