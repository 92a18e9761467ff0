/** `lesionflow schedule delete NAME`: forgets a schedule; its runs stay. */
import type { Command } from 'commander';
import { openTemporal } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { withSchedule } from '../../schedules/known-schedule.ts';
import { factsOf } from '../../schedules/schedule-facts.ts';

export function addDeleteScheduleCommand(schedule: Command): void {
  const command = schedule
    .command('delete')
    .description('forget a schedule; its runs stay, and one that is going goes on')
    .argument('<name>', "the schedule's name");
  addJsonOption(command).action(remove);
  withExamples(command, ['schedule delete weekly']);
}

async function remove(name: string, flags: JsonFlag): Promise<void> {
  await using temporal = await openTemporal(process.env);
  const { underWay } = await withSchedule(temporal.client, name, async (schedule) => {
    const facts = factsOf(await schedule.describe());
    await schedule.delete();
    return facts;
  });
  printResult(flags, { name, underWay }, () => [
    `The schedule ${name} is deleted.`,
    ...underWay.map((run) => `${run} goes on; "lesionflow cancel ${run}" ends it.`),
  ]);
}
