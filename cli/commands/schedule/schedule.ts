/** `lesionflow schedule …`: runs that start by the clock. Temporal keeps the schedules and starts their runs. */
import type { Command } from 'commander';
import { addBackfillCommand } from './backfill.ts';
import { addCreateScheduleCommand } from './create.ts';
import { addDeleteScheduleCommand } from './delete.ts';
import { addListSchedulesCommand } from './list.ts';
import { addPauseScheduleCommand } from './pause.ts';
import { addShowScheduleCommand } from './show.ts';
import { addTriggerCommand } from './trigger.ts';
import { addUnpauseScheduleCommand } from './unpause.ts';

export function addScheduleCommand(program: Command): void {
  const schedule = program
    .command('schedule')
    .description('start runs by the clock: create, list, show, trigger, pause, delete, backfill');
  addCreateScheduleCommand(schedule);
  addListSchedulesCommand(schedule);
  addShowScheduleCommand(schedule);
  addTriggerCommand(schedule);
  addPauseScheduleCommand(schedule);
  addUnpauseScheduleCommand(schedule);
  addBackfillCommand(schedule);
  addDeleteScheduleCommand(schedule);
}
