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
import { withExamples } from '../examples.ts';
import { UsageError } from '../failures.ts';
import { onInterrupt, untilAborted } from '../interrupt.ts';
import { addJsonOption, note, printResult, type JsonFlag } from '../output.ts';

export function addDevCommand(program: Command): void {
  const command = program
    .command('dev')
    .description('run Temporal, its UI, the S3 store and the workers here, until Ctrl-C');
  addJsonOption(command, 'where it all is').action(dev);
  withExamples(command, ['dev', '$ LESIONFLOW_HOME=/data/lesionflow lesionflow dev']);
}

async function dev(flags: JsonFlag): Promise<void> {
  const other = readDevFile(process.env);
  if (other !== undefined) {
    throw new UsageError(
      `A development environment runs already (process ${other.pid}, UI ${other.temporal.uiUrl}). ` +
        'The other commands find it by themselves; stop it with Ctrl-C in its terminal.',
      { pid: other.pid },
    );
  }
  using interrupt = onInterrupt();
  const say = (text: string) => note(flags, text);
  say('Starting Temporal, the S3 store and the workers …');
  const environment = await startDevEnvironment({
    folder: join(stateFolderOf(process.env), 'dev'),
    cacheFolder: cacheFolderOf(process.env),
    onNotice: say,
  });
  try {
    const { file, logFolder } = environment;
    writeDevFile(process.env, file);
    const { temporal, store } = file;
    const { endpoint, bucket, region } = store;
    // The keys of the local store are for its owner's file alone.
    const places = { temporal, store: { endpoint, bucket, region }, logFolder };
    printResult(flags, places, () => [
      `  Temporal UI  ${temporal.uiUrl}`,
      `  Temporal     ${temporal.address}, namespace ${temporal.namespace}`,
      `  S3 store     ${endpoint}, bucket ${bucket}`,
      `  logs         ${logFolder}`,
    ]);
    say('Ready. "lesionflow train" in another terminal starts a run; Ctrl-C stops everything.');
    await untilAborted(interrupt.signal);
    say('Stopping …');
  } finally {
    removeDevFile(process.env);
    await environment.stop();
  }
  say('Everything has stopped.');
}
