/** The command line's table of contents: one file a command below `commands/`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { projectRoot } from '../infra/paths.mjs';
import { addCancelCommand } from './commands/cancel.ts';
import { addConfigCommand } from './commands/config.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addDevCommand } from './commands/dev.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addExtendCommand } from './commands/extend.ts';
import { addInspectCommand } from './commands/inspect.ts';
import { addPauseCommand } from './commands/pause.ts';
import { addPredictCommand } from './commands/predict.ts';
import { addReportCommand } from './commands/report.ts';
import { addServeCommand } from './commands/serve.ts';
import { addResumeCommand } from './commands/resume.ts';
import { addStatusCommand } from './commands/status.ts';
import { addStopEarlyCommand } from './commands/stop-early.ts';
import { addTrainCommand } from './commands/train.ts';
import { exitCodes, reportFailure } from './failures.ts';

/** Runs one command line (`process.argv`) and gives the exit code; says every failure on stderr. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = new Command('lesionflow')
    .description('Durable training of Mask R-CNN on skin lesions, by Temporal and TensorFlow.js.')
    .version(packageVersion())
    .showHelpAfterError('Add --help to see the options.')
    .exitOverride();
  const finish = (code: number) => {
    exitCode = code;
  };
  addDevCommand(program);
  addTrainCommand(program, finish);
  addStatusCommand(program);
  addReportCommand(program);
  addPauseCommand(program, finish);
  addResumeCommand(program, finish);
  addStopEarlyCommand(program, finish);
  addExtendCommand(program, finish);
  addCancelCommand(program, finish);
  addPredictCommand(program);
  addServeCommand(program);
  addInspectCommand(program);
  addConfigCommand(program);
  addDoctorCommand(program, finish);
  addDemoCommand(program, finish);
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    return reportFailure(error);
  }
}

function packageVersion(): string {
  const text = readFileSync(join(projectRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
