/** `lesionflow schedule pause NAME`: no more runs by the clock. */
import type { Command } from 'commander';
import { openTemporal } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { withSchedule } from '../../schedules/known-schedule.ts';

interface PauseFlags extends JsonFlag {
  readonly reason?: string;
}

export function addPauseScheduleCommand(schedule: Command): void {
  const command = schedule
    .command('pause')
    .description('start no more runs by the clock; a run that is going goes on')
    .argument('<name>', "the schedule's name")
    .option('--reason <text>', 'why; "schedule show" and the Temporal UI show it');
  addJsonOption(command).action(pause);
  withExamples(command, ['schedule pause weekly --reason "the archive is being renewed"']);
}

async function pause(name: string, { reason, ...flags }: PauseFlags): Promise<void> {
  await using temporal = await openTemporal(process.env);
  const said = reason ?? 'paused from the command line';
  await withSchedule(temporal.client, name, (schedule) => schedule.pause(said));
  printResult(flags, { name, isPaused: true, note: said }, () => [
    `The schedule ${name} is paused. "lesionflow schedule unpause ${name}" lets it go on.`,
  ]);
}
