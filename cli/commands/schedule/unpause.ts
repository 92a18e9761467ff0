/** `lesionflow schedule unpause NAME`: runs by the clock again. */
import type { Command } from 'commander';
import { moment } from '../../../report/run-page/words.ts';
import { openTemporal } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { withSchedule } from '../../schedules/known-schedule.ts';
import { factsOf } from '../../schedules/schedule-facts.ts';

const NOTES = `
Times that passed during the pause stay passed; "schedule backfill" makes up for them.`;

export function addUnpauseScheduleCommand(schedule: Command): void {
  const command = schedule
    .command('unpause')
    .description('let a paused schedule go on, also one that a failed run has paused')
    .argument('<name>', "the schedule's name");
  addJsonOption(command).action(unpause);
  withExamples(command, ['schedule unpause weekly'], { notes: NOTES });
}

async function unpause(name: string, flags: JsonFlag): Promise<void> {
  await using temporal = await openTemporal(process.env);
  const { isPaused, next } = await withSchedule(temporal.client, name, async (schedule) => {
    // An empty word is no request.
    await schedule.unpause('unpaused from the command line');
    return factsOf(await schedule.describe());
  });
  const first = next[0];
  printResult(flags, { name, isPaused, next }, () => [
    `The schedule ${name} goes on; next: ${first === undefined ? 'never' : moment(first)}.`,
  ]);
}
