/** `lesionflow schedule trigger NAME`: a run now, beside those of the clock. */
import type { Command } from 'commander';
import { openTemporal } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { triggerSchedule, type Triggered } from '../../schedules/trigger-schedule.ts';

const NOTES = `
The schedule's overlap policy counts here too: with "skip" nothing is started while a run is still going. A paused
schedule can be triggered; it stays paused.`;

export function addTriggerCommand(schedule: Command): void {
  const command = schedule
    .command('trigger')
    .description("start a run now and print its id; the clock's runs stay as they are")
    .argument('<name>', "the schedule's name");
  addJsonOption(command).action(trigger);
  withExamples(
    command,
    [
      'schedule trigger weekly',
      '$ RUN=$(lesionflow schedule trigger weekly --json | jq -r .runId)',
    ],
    { notes: NOTES },
  );
}

async function trigger(name: string, flags: JsonFlag): Promise<void> {
  await using temporal = await openTemporal(process.env);
  const triggered = await triggerSchedule(temporal.client, name);
  const { runId } = triggered;
  const page = runId === undefined ? undefined : temporal.pageOf(runId);
  printResult(flags, { ...triggered, page }, () => [
    inWords(triggered),
    ...(page === undefined ? [] : [page]),
  ]);
}

const inWords = ({ runId, waitsFor }: Triggered): string =>
  runId === undefined
    ? `The run waits until ${waitsFor.join(', ') || 'those before it'} has ended.`
    : `Started ${runId}.`;
