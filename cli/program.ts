/** The command line's table of contents: one file a command below `commands/`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { projectRoot } from '../infra/paths.mjs';
import { addApproveCommand } from './commands/approve.ts';
import { addCancelCommand } from './commands/cancel.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConfigCommand } from './commands/config.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addDevCommand } from './commands/dev.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEvaluateCommand } from './commands/evaluate.ts';
import { addExtendCommand } from './commands/extend.ts';
import { addInspectCommand } from './commands/inspect/inspect.ts';
import { addModelsCommand } from './commands/models/models.ts';
import { addPauseCommand } from './commands/pause.ts';
import { addPredictCommand } from './commands/predict.ts';
import { addRejectCommand } from './commands/reject.ts';
import { addReportCommand } from './commands/report.ts';
import { addResumeCommand } from './commands/resume.ts';
import { addRunsCommand } from './commands/runs/runs.ts';
import { addScheduleCommand } from './commands/schedule/schedule.ts';
import { addServeCommand } from './commands/serve.ts';
import { addStopEarlyCommand } from './commands/stop-early.ts';
import { addTrainCommand } from './commands/train.ts';
import { exitCodeMeanings, exitCodes } from './failures.ts';

/** `finish` is told the exit code of a command that ends well enough to have one of its own. */
export function buildProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('lesionflow')
    .description('Durable training of Mask R-CNN on skin lesions, by Temporal and TensorFlow.js.')
    .version(packageVersion())
    .showHelpAfterError('Add --help to see the options.')
    .addHelpText('after', exitCodeHelp())
    .exitOverride();

  program.commandsGroup('Runs:');
  addTrainCommand(program, finish);
  addRunsCommand(program, finish);
  addReportCommand(program);
  addScheduleCommand(program);

  program.commandsGroup('Runs under way:');
  addPauseCommand(program);
  addResumeCommand(program);
  addStopEarlyCommand(program);
  addExtendCommand(program);
  addCancelCommand(program, finish);
  addApproveCommand(program);
  addRejectCommand(program);

  program.commandsGroup('Models:');
  addModelsCommand(program);
  addPredictCommand(program);
  addEvaluateCommand(program);
  addServeCommand(program);

  program.commandsGroup('Looking inside:');
  addInspectCommand(program);
  addConfigCommand(program);

  program.commandsGroup('This machine:');
  addDevCommand(program);
  addDemoCommand(program, finish);
  addDoctorCommand(program, finish);
  addCompletionCommand(program);
  return program;
}

function exitCodeHelp(): string {
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  const lines = names.map(
    (name) => `  ${String(exitCodes[name]).padEnd(4)} ${exitCodeMeanings[name]}`,
  );
  return `\nExit codes:\n${lines.join('\n')}`;
}

function packageVersion(): string {
  const text = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
