/** `lesionflow dev`: servers and workers in the foreground until Ctrl-C. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { startDevEnvironment } from '../dev-environment.ts';
import {
  cacheFolderOf,
  readDevFile,
  removeDevFile,
  stateFolderOf,
  writeDevFile,
} from '../dev-file.ts';
import { UsageError } from '../failures.ts';
import { onInterrupt, untilAborted } from '../interrupt.ts';

export function addDevCommand(program: Command): void {
  program
    .command('dev')
    .description('run Temporal, its UI, the S3 store and the workers here, until Ctrl-C')
    .action(dev);
}

async function dev(): Promise<void> {
  const other = readDevFile(process.env);
  if (other !== undefined) {
    throw new UsageError(
      `A development environment runs already (process ${other.pid}, UI ${other.temporal.uiUrl}). ` +
        'The other commands find it by themselves; stop it with Ctrl-C in its terminal.',
      { pid: other.pid },
    );
  }
  using interrupt = onInterrupt();
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  say('Starting Temporal, the S3 store and the workers …');
  const environment = await startDevEnvironment({
    folder: join(stateFolderOf(process.env), 'dev'),
    cacheFolder: cacheFolderOf(process.env),
    onNotice: say,
  });
  try {
    const { file, logFolder } = environment;
    writeDevFile(process.env, file);
    say(`  Temporal UI  ${file.temporal.uiUrl}`);
    say(`  Temporal     ${file.temporal.address}, namespace ${file.temporal.namespace}`);
    say(`  S3 store     ${file.store.endpoint}, bucket ${file.store.bucket}`);
    say(`  logs         ${logFolder}`);
    say('Ready. "lesionflow train" in another terminal starts a run; Ctrl-C stops everything.');
    await untilAborted(interrupt.signal);
    say('Stopping …');
  } finally {
    removeDevFile(process.env);
    await environment.stop();
  }
  say('Everything has stopped.');
}
