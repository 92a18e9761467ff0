/** `lesionflow doctor`: what is there, what is missing, how to mend it. The checks are infra's. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { projectRoot } from '../../infra/paths.mjs';
import { exitCodes } from '../failures.ts';

export function addDoctorCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('doctor')
    .description('check what LesionFlow needs on this machine, and say how to mend what is missing')
    .action(async () => finish(await doctor()));
}

/** Runs as a process of its own, since it works without any package too: `node infra/doctor.mjs`. */
function doctor(): Promise<number> {
  const child = spawn(process.execPath, [join(projectRoot, 'infra', 'doctor.mjs')], {
    stdio: 'inherit',
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? exitCodes.failed));
  });
}
