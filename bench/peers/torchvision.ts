/**
 * A Python that has torchvision: the one in LESIONFLOW_BENCH_PYTHON, else a virtual environment of the bench's
 * own, made once (a stamp says with which requirements).
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, runCommand } from '../../infra/bootstrap/command.mjs';
import { createProgress } from '../../infra/bootstrap/progress.mjs';
import { stamp } from '../../infra/bootstrap/stamps.mjs';
import { stateFolder } from '../../infra/paths.mjs';
import { BenchError } from '../errors.ts';

export const PYTHON_VARIABLE = 'LESIONFLOW_BENCH_PYTHON';

const requirements = fileURLToPath(new URL('./requirements.txt', import.meta.url));
const folder = join(stateFolder, 'bench-venv');
const venvPython = join(folder, 'bin', 'python');
const venvStamp = () => stamp('bench-venv', { files: [requirements], outputs: [venvPython] });

/** A Python that is there already, or `undefined`. Throws `BenchError` for one that lacks torchvision. */
export async function readyPython(environment = process.env): Promise<string | undefined> {
  const given = environment[PYTHON_VARIABLE];
  if (given === undefined || given === '') return venvStamp().isFresh() ? venvPython : undefined;
  // Importing torch may take longer than a question does: only look for it.
  const found = await ask(given, [
    '-c',
    'import importlib.util as u; print(all(map(u.find_spec, ("torch", "torchvision"))))',
  ]);
  if (found?.trim() === 'True') return given;
  throw new BenchError(
    `${PYTHON_VARIABLE}=${given} does not run, or has no torch and torchvision: install ` +
      `${requirements} there, or leave the variable out`,
  );
}

/** Makes the environment. Throws `BenchError` with what pip said. */
export async function installPeer(): Promise<string> {
  const progress = createProgress();
  try {
    await progress.report(
      'torchvision',
      'downloading the peer with all that it needs (about 3 GB, 7 GB installed), once; ' +
        `--peers eager does without, ${PYTHON_VARIABLE} names a Python that has it`,
      install,
    );
    return venvPython;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BenchError(
      `the peer could not be installed (--peers eager does without): ${reason}`,
      error,
    );
  } finally {
    progress.close();
  }
}

async function install(): Promise<void> {
  if (existsSync(folder)) await rm(folder, { recursive: true });
  await runCommand({ command: 'python3', args: ['-m', 'venv', folder] });
  const args = ['-m', 'pip', 'install', '--quiet', '--no-input', '--requirement', requirements];
  await runCommand({ command: venvPython, args });
  venvStamp().write();
}
