/**
 * Python's TensorFlow in a virtual environment of its own under `.lesionflow/cache/python`, made when it
 * is needed first (from the wheel that the bootstrap downloads, if it is there). Without python3, pip or
 * a network there is a reason instead, for tests to be skipped with.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('../../../.lesionflow/cache/', import.meta.url));
const FOLDER = join(CACHE, 'python');
const PYTHON = join(FOLDER, 'bin/python');

export type PythonTensorFlow = { readonly path: string } | { readonly missing: string };

export async function pythonTensorFlow(): Promise<PythonTensorFlow> {
  try {
    if (!existsSync(PYTHON)) await run('python3', ['-m', 'venv', FOLDER]);
    if (await canImport()) return { path: PYTHON };
    await run(PYTHON, ['-m', 'pip', 'install', '--quiet', ...tensorFlow()]);
    return (await canImport()) ? { path: PYTHON } : { missing: 'import tensorflow fails' };
  } catch (error) {
    return { missing: `no Python with TensorFlow: ${String(error).split('\n')[0] ?? ''}` };
  }
}

function tensorFlow(): readonly string[] {
  const wheels = existsSync(CACHE) ? readdirSync(CACHE) : [];
  const wheel = wheels.find((name) => /^tensorflow_cpu-.*\.whl$/.test(name));
  return wheel === undefined ? ['tensorflow-cpu==2.21.0'] : [join(CACHE, wheel)];
}

async function canImport(): Promise<boolean> {
  const check = 'import importlib.util as u; print(u.find_spec("tensorflow") is not None)';
  const { stdout } = await run(PYTHON, ['-c', check]);
  return stdout.trim() === 'True';
}

/** Runs a script that loads `folder` and prints JSON, which is returned. */
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
