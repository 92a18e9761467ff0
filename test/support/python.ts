/**
 * Python for tests, in a virtual environment of its own under `.lesionflow/cache/python`, made when it is
 * needed first: TensorFlow and with it h5py (from the wheel that the bootstrap downloads, if it is there),
 * and other packages that a test asks for. Without python3, pip or a network there is a reason instead, for
 * tests to be skipped with.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, it } from '@jest/globals';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../.lesionflow/cache/', import.meta.url));
const FOLDER = join(CACHE, 'python');
const PYTHON = join(FOLDER, 'bin/python');

/** Under a lock that the system frees with the process, since test files run side by side. */
const INSTALL = `
import fcntl, os, subprocess, sys, venv
folder, module, requirement = sys.argv[1:]
python = os.path.join(folder, 'bin', 'python')
os.makedirs(os.path.dirname(folder), exist_ok=True)
with open(folder + '.lock', 'w') as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not os.path.exists(python):
        venv.create(folder, with_pip=True)
    found = 'import importlib.util as u, sys; sys.exit(u.find_spec(sys.argv[1]) is None)'
    if subprocess.run([python, '-c', found, module]).returncode != 0:
        subprocess.run([python, '-m', 'pip', 'install', '--quiet', requirement], check=True)
`;

export type Python = { readonly path: string } | { readonly missing: string };

export interface PythonPackage {
  /** What a script imports. */
  readonly module: string;
  /** What pip installs where the module is not there: a pinned version, or a wheel. */
  readonly requirement: string;
}

export async function pythonTensorFlow(): Promise<Python> {
  return pythonWith({ module: 'tensorflow', requirement: tensorFlow() });
}

/** The same environment, after the package is found in it or installed. */
export async function pythonWith({ module, requirement }: PythonPackage): Promise<Python> {
  try {
    await run('python3', ['-c', INSTALL, FOLDER, module, requirement]);
    return { path: PYTHON };
  } catch (error) {
    const lines = String(error).trim().split('\n');
    return { missing: `no Python with ${module}: ${lines.at(-1) ?? ''}` };
  }
}

/** `describe` with the interpreter; one skipped test that says what is missing where there is none. */
export function describeWithPython(
  python: Python,
  title: string,
  block: (interpreter: string) => void,
): void {
  if ('path' in python) describe(title, () => block(python.path));
  else it.skip(`${title} (skipped: ${python.missing})`, () => undefined);
}

function tensorFlow(): string {
  const wheels = existsSync(CACHE) ? readdirSync(CACHE) : [];
  const wheel = wheels.find((name) => /^tensorflow_cpu-.*\.whl$/.test(name));
  return wheel === undefined ? 'tensorflow-cpu==2.21.0' : join(CACHE, wheel);
}

/** Runs a script that prints JSON, which is returned. */
export async function runPython(
  path: string,
  script: string,
  args: readonly string[],
): Promise<unknown> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' };
  const { stdout } = await run(path, ['-c', script, ...args], { env, maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as unknown;
}

/** Feeds each input of `serving_default` with what a JSON file holds for it, and prints the outputs. */
export const CALL_SIGNATURE = `
import json, sys
import tensorflow as tf
folder, feeds = sys.argv[1], json.load(open(sys.argv[2]))
serve = tf.saved_model.load(folder).signatures['serving_default']
specs = serve.structured_input_signature[1]
given = {name: tf.constant(feeds[name], dtype=spec.dtype) for name, spec in specs.items()}
print(json.dumps({name: {'shape': value.shape.as_list(), 'dtype': value.dtype.name,
  'values': value.numpy().reshape(-1).tolist()} for name, value in serve(**given).items()}))
`;
