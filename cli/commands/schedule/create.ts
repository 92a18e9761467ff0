/** `lesionflow schedule create NAME --cron …`: a run by the clock, with the options of `train`. */
import { Option, type Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openTemporal } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { addJsonOption, note, printResult, type JsonFlag } from '../../output.ts';
import { createSchedule } from '../../schedules/create-schedule.ts';
import {
  catchupSeconds,
  DEFAULT_CATCHUP,
  DEFAULT_OVERLAP,
  overlapNames,
  overlaps,
  type Overlap,
} from '../../schedules/policies.ts';
import { renderSchedule } from '../../schedules/render-schedules.ts';
import { addRequestOptions, requestOf, type RequestOptions } from '../request-options.ts';

interface CreateFlags extends RequestOptions, JsonFlag {
  readonly cron: string;
  readonly timezone: string;
  readonly overlap: Overlap;
  readonly catchup: number;
  readonly pauseOnFailure: boolean;
  readonly paused?: true;
}

const NOTES = `
The input is checked as "train" checks it, before anything is created, and kept: a config file or a preset that changes
later does not change the schedule. Each run first asks whether archives, recipe or code have changed, and ends as
"no change" when they have not; with --force it trains all the same.

When a run is due while one is still going (--overlap):
${overlapNames.map((name) => `  ${name.padEnd(14)}${overlaps[name].meaning}`).join('\n')}
When Temporal was away at the time: the run starts late by at most --catchup; later than that it is missed.
When a run fails: the schedule pauses until "schedule unpause", unless --no-pause-on-failure is given.`;

export function addCreateScheduleCommand(schedule: Command): void {
  const command = schedule
    .command('create')
    .description('start runs by the clock, with the options of train')
    .argument('<name>', "the schedule's name, e.g. nightly; its runs' ids begin with it")
    .requiredOption('--cron <expression>', 'minute, hour, day of the month, month, weekday')
    .option('--timezone <name>', 'whose clock, e.g. Europe/Berlin', 'UTC')
    .addOption(
      new Option('--overlap <policy>', 'when a run is still going')
        .choices(overlapNames)
        .default(DEFAULT_OVERLAP),
    )
    .addOption(
      new Option('--catchup <time>', 'how late a run may start when Temporal was away: 30m, 1h, 2d')
        .argParser(catchupSeconds)
        .default(catchupSeconds(DEFAULT_CATCHUP), DEFAULT_CATCHUP),
    )
    .option('--no-pause-on-failure', 'go on after a run that failed (default: pause)')
    .option('--paused', 'start nothing before "schedule unpause"');
  addJsonOption(addRequestOptions(command), 'the schedule').action(create);
  withExamples(
    command,
    [
      `schedule create weekly --cron "0 2 * * SUN" \\
    --images s3://data/images.zip --masks s3://data/masks.zip --dataset isic2018 --preset scratch`,
      'schedule create nightly --cron "30 4 * * *" --timezone Europe/Berlin --config run.yaml --catchup 4h',
    ],
    { notes: NOTES },
  );
}

async function create(name: string, flags: CreateFlags): Promise<void> {
  const { cron, timezone, overlap, catchup, pauseOnFailure } = flags;
  const request = await requestOf(flags, (text) => note(flags, text));
  await using temporal = await openTemporal(process.env);
  const facts = await createSchedule(temporal.client, {
    ...{ name, request, cron, timezone, overlap, pauseOnFailure },
    catchupSeconds: catchup,
    isPaused: flags.paused === true,
  });
  const shown = { ...facts, page: temporal.schedulePageOf(name), runs: [] };
  printResult(flags, shown, () => renderSchedule(shown, paletteFor(process.stdout)));
}
