/**
 * `lesionflow doctor`: what is there, what is missing, how to mend it. The checks of the machine are infra's; the
 * store, where one is set or the development environment runs, is tried as a worker does at its start.
 */
import type { Command } from 'commander';
import { checkMachine, renderChecks } from '../../infra/doctor.mjs';
import { LesionFlowError } from '../../contracts/errors.ts';
import { StoreSettingsError } from '../../storage/errors.ts';
import { probeStore } from '../../storage/probe-store.ts';
import type { S3ObjectStore } from '../../storage/s3-object-store.ts';
import { openStore } from '../connections.ts';
import { withExamples } from '../examples.ts';
import { exitCodes } from '../failures.ts';
import { addJsonOption, printResult, type JsonFlag } from '../output.ts';

type Check = Awaited<ReturnType<typeof checkMachine>>[number];

const NOTES = `
Works before anything is installed too, as "node infra/doctor.mjs". The exit code is 1 when something is missing.`;

export function addDoctorCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('doctor')
    .description(
      'check what LesionFlow needs on this machine, and say how to mend what is missing',
    );
  addJsonOption(command, 'the checks').action(async (flags: JsonFlag) =>
    finish(await doctor(flags)),
  );
  const missing = '$ lesionflow doctor --json | jq \'.[] | select(.state != "ok")\'';
  withExamples(command, ['doctor', missing], { notes: NOTES });
}

async function doctor(flags: JsonFlag): Promise<number> {
  const checks = [...(await checkMachine()), ...(await tryStore())];
  printResult(flags, checks, () => [renderChecks(checks)]);
  return checks.some(({ state }) => state === 'missing') ? exitCodes.failed : exitCodes.ok;
}

/** Does the store keep its promises? Nothing where there is no store to ask. */
async function tryStore(): Promise<Check[]> {
  const store = findStore();
  if (store === undefined) return [];
  const name = 'store';
  try {
    await probeStore(store);
    const found = `${store.endpoint}, bucket ${store.bucket}: fit for LesionFlow`;
    return [{ name, state: 'ok', found, mend: '' }];
  } catch (error) {
    if (!(error instanceof LesionFlowError)) throw error;
    return [{ name, state: 'missing', found: 'not fit for LesionFlow', mend: error.message }];
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
