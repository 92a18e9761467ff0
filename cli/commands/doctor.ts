/**
 * `lesionflow doctor`: what is there, what is missing, how to mend it. The checks of the machine are infra's; the
 * store, where one is set or the development environment runs, is tried as a worker does at its start.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Command } from 'commander';
import { projectRoot } from '../../infra/paths.mjs';
import { LesionFlowError } from '../../contracts/errors.ts';
import { StoreSettingsError } from '../../storage/errors.ts';
import { probeStore } from '../../storage/probe-store.ts';
import type { S3ObjectStore } from '../../storage/s3-object-store.ts';
import { openStore } from '../connections.ts';
import { exitCodes } from '../failures.ts';

export function addDoctorCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('doctor')
    .description('check what LesionFlow needs on this machine, and say how to mend what is missing')
    .action(async () => finish(Math.max(await doctor(), await tryStore())));
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

/** Says whether the store keeps its promises; nothing where there is no store to ask. */
async function tryStore(): Promise<number> {
  const store = findStore();
  if (store === undefined) return exitCodes.ok;
  try {
    await probeStore(store);
    process.stdout.write(
      `ok       ${store.endpoint}, bucket ${store.bucket}: fit for LesionFlow\n`,
    );
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof LesionFlowError)) throw error;
    process.stdout.write(
      `missing  a store that is fit for LesionFlow\n         → ${error.message}\n`,
    );
    return exitCodes.failed;
  } finally {
    store.close();
  }
}

function findStore(): S3ObjectStore | undefined {
  try {
    return openStore(process.env);
  } catch (error) {
    // No store is named: "lesionflow dev" and the demo start their own, as the checks above say.
    if (error instanceof StoreSettingsError && process.env['LESIONFLOW_S3_BUCKET'] === undefined) {
      return undefined;
    }
    throw error;
  }
}
