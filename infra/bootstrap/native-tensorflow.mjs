/**
 * Native TensorFlow for `@tensorflow/tfjs-node-gpu`. The package's own download is TensorFlow 2.9 of 2022;
 * Python's wheels carry the current library, so: wheel → library and C headers → the package's addon compiled
 * against them → smoke test. The GPU build also takes NVIDIA's wheels, unpacked where the library's own
 * RUNPATH looks. Pins and hashes: `infra/native/requirements-*.txt`.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot, stateFolder } from '../paths.mjs';
import { compileAddon, safeReferences } from './addon.mjs';
import { runCommand } from './command.mjs';
import { SetupError } from './errors.mjs';
import { npmPackages } from './npm-packages.mjs';
import { findCompiler, findPip, mend, nvidiaDriver, platformProblem } from './prerequisites.mjs';
import { stamp } from './stamps.mjs';
import { extractEntry, readWheel } from './wheel.mjs';

/** @typedef {import('./prerequisites.mjs').Invocation} Invocation */

const tfjsPackage = join(projectRoot, 'node_modules/@tensorflow/tfjs-node-gpu');
const addonPath = join(tfjsPackage, 'lib/napi-v8/tfjs_binding.node');
const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const HEADERS =
  /^tensorflow\/(include\/(tensorflow\/c|tensorflow\/core\/platform\/ctstring|xla\/tsl\/c|tsl\/platform|xla\/tsl\/platform).*)$/;
const SMOKE_TEST = `
  const tf = require(process.argv[1]);
  if (tf.tensor1d([1, 2]).square().sum().dataSync()[0] !== 5) throw new Error('1 + 4 is not 5');
  const { binding, isUsingGpuDevice } = tf.backend();
  console.log(JSON.stringify({ version: binding.TF_Version, gpu: isUsingGpuDevice }));`;

/**
 * `LESIONFLOW_TENSORFLOW=cpu|gpu` decides; otherwise an NVIDIA driver asks for the GPU build.
 * @returns {'cpu' | 'gpu'}
 */
export function tensorflowFlavour() {
  const wish = process.env['LESIONFLOW_TENSORFLOW'];
  if (wish === 'cpu' || wish === 'gpu') return wish;
  if (wish !== undefined && wish !== '') {
    throw new SetupError(`LESIONFLOW_TENSORFLOW must be "cpu" or "gpu", not "${wish}".`);
  }
  return nvidiaDriver() === undefined ? 'cpu' : 'gpu';
}

/** @type {import('./steps.mjs').Step} */
export const nativeTensorflow = {
  name: 'native TensorFlow',
  get reason() {
    return tensorflowFlavour() === 'gpu'
      ? 'downloading the GPU build with CUDA and cuDNN (3.5 GB), compiling the addon, once'
      : 'downloading the CPU build (274 MB), compiling the addon, about 30 seconds, once';
  },
  isFresh: () => ourStamp().isFresh() || vendorStamp().isFresh(),
  lostWith: npmPackages, // npm empties node_modules, where the library lies
  missing: async () => {
    const problem = platformProblem();
    if (problem !== undefined) return [problem];
    // Without pip the vendor's build is the fallback; with pip a missing compiler comes through it.
    return [];
  },
  run: async ({ signal, say }) => {
    const pip = await findPip();
    if (pip) await fromWheels(pip, signal, say);
    else await fromVendor(signal, say);
  },
};

/**
 * @param {Invocation} pip
 * @param {AbortSignal} signal
 * @param {(line: string) => void} say
 */
async function fromWheels(pip, signal, say) {
  const flavour = tensorflowFlavour();
  const wheels = join(stateFolder, 'cache/wheels', flavour);
  await download(pip, wheels, flavour, signal);
  const files = readdirSync(wheels).filter((name) => name.endsWith('.whl'));
  const tensorflow = files.find((name) => name.startsWith('tensorflow'));
  if (tensorflow === undefined) throw new SetupError(`pip left no TensorFlow wheel in ${wheels}.`);

  const wheel = join(wheels, tensorflow);
  const entries = await readWheel(wheel);
  for (const entry of entries.filter(({ name }) => HEADERS.test(name))) {
    await extractEntry(
      wheel,
      entry,
      join(tfjsPackage, 'deps', entry.name.slice('tensorflow/'.length)),
    );
  }
  const compiler = (await findCompiler()) ?? (await compilerFromPip(pip, signal, say));
  await Promise.all([
    compileAddon({ compiler, tfjsPackage, libraries, target: `${addonPath}.part`, signal }),
    ...entries
      .filter(({ name }) => libraries.includes(name.slice('tensorflow/'.length)))
      .map((entry) =>
        extractEntry(
          wheel,
          entry,
          join(tfjsPackage, 'deps/lib', entry.name.slice('tensorflow/'.length)),
        ),
      ),
    ...files
      .filter((name) => name.startsWith('nvidia'))
      .map((name) => unpackNvidia(join(wheels, name))),
  ]);
  await rename(`${addonPath}.part`, addonPath);
  await smokeTest(signal);
  ourStamp().write();
}

/**
 * @param {Invocation} pip
 * @param {string} folder
 * @param {'cpu' | 'gpu'} flavour
 * @param {AbortSignal} signal
 */
async function download(pip, folder, flavour, signal) {
  mkdirSync(folder, { recursive: true });
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  // pip takes the wheels of this Python whatever the host's own version is, and checks each hash, also of
  // a file that is there already.
  const platforms = ['manylinux_2_27', 'manylinux_2_25', 'manylinux_2_17', 'manylinux2014'];
  await runCommand({
    command: pip.command,
    args: [
      ...[...pip.args, 'download', '--quiet', '--disable-pip-version-check', '--no-cache-dir'],
      ...['--no-deps', '--only-binary=:all:', '--require-hashes'],
      ...platforms.flatMap((platform) => ['--platform', `${platform}_${machine}`]),
      ...['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'],
      ...['--dest', folder, '--requirement', requirements(flavour)],
    ],
    signal,
  });
}

/**
 * @param {Invocation} pip
 * @param {AbortSignal} signal
 * @param {(line: string) => void} say
 * @returns {Promise<Invocation & { env: NodeJS.ProcessEnv }>} `zig c++`, which is a wheel too
 */
async function compilerFromPip(pip, signal, say) {
  say(
    'native TensorFlow: no g++ here, so bringing zig (100 MB), which compiles for 1 to 4 minutes',
  );
  const target = join(stateFolder, 'tools/ziglang');
  await runCommand({
    command: pip.command,
    args: [
      ...[...pip.args, 'install', '--quiet', '--disable-pip-version-check', '--no-cache-dir'],
      ...['--no-deps', '--only-binary=:all:', '--require-hashes', '--upgrade'],
      ...['--target', target, '--requirement', requirements('compiler')],
    ],
    signal,
  });
  const cache = join(stateFolder, 'cache/zig');
  const env = { ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
  return { command: join(target, 'ziglang/zig'), args: ['c++'], env };
}

/** @param {string} wheel */
async function unpackNvidia(wheel) {
  for (const entry of await readWheel(wheel)) {
    if (!entry.name.startsWith('nvidia/') || entry.name.includes('/include/')) continue;
    await extractEntry(wheel, entry, join(tfjsPackage, 'deps', entry.name));
  }
}

/**
 * TensorFlow 2.9.1 as the package itself would install it, for machines without Python.
 * @param {AbortSignal} signal
 * @param {(line: string) => void} say
 */
async function fromVendor(signal, say) {
  say(
    `native TensorFlow: no Python 3 with pip here, so taking the package's own TensorFlow 2.9.1 of 2022. ${mend.python}`,
  );
  try {
    await runCommand({
      command: process.execPath,
      args: ['scripts/install.js', tensorflowFlavour(), 'download'],
      cwd: tfjsPackage,
      env: { PATH: `${join(projectRoot, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` },
      signal,
    });
    await smokeTest(signal);
  } catch (error) {
    throw new SetupError(`The package's own TensorFlow could not be installed. ${mend.python}`, {
      cause: error,
    });
  }
  vendorStamp().write();
}

/** @param {AbortSignal} [signal] */
async function smokeTest(signal) {
  return runCommand({
    command: process.execPath,
    args: ['--eval', SMOKE_TEST, tfjsPackage],
    env: { TF_CPP_MIN_LOG_LEVEL: '2' },
    ...(signal && { signal }),
  });
}

/**
 * The library that loads and computes now; `undefined` when none does.
 * @returns {Promise<{ version: string, gpu: boolean } | undefined>}
 */
export async function probeTensorflow() {
  if (!existsSync(addonPath)) return undefined;
  try {
    // Node 22 and the library itself write warnings around it.
    const lines = (await smokeTest()).split('\n');
    return JSON.parse(lines.find((line) => line.startsWith('{"version"')) ?? '');
  } catch {
    return undefined;
  }
}

/** @param {'cpu' | 'gpu' | 'compiler'} what */
const requirements = (what) => join(projectRoot, 'infra/native', `requirements-${what}.txt`);

function ourStamp() {
  const flavour = tensorflowFlavour();
  return stamp('native-tensorflow', {
    files: [
      requirements(flavour),
      safeReferences,
      fileURLToPath(import.meta.url),
      fileURLToPath(new URL('./addon.mjs', import.meta.url)),
    ],
    facts: [flavour, process.arch, tfjsVersion()],
    outputs: [addonPath, ...libraries.map((name) => join(tfjsPackage, 'deps/lib', name))],
  });
}

function vendorStamp() {
  return stamp('vendor-tensorflow', {
    facts: [tensorflowFlavour(), process.arch, tfjsVersion()],
    outputs: [addonPath],
  });
}

/** @returns {string} */
function tfjsVersion() {
  const lock = JSON.parse(readFileSync(join(projectRoot, 'package-lock.json'), 'utf8'));
  return lock.packages['node_modules/@tensorflow/tfjs-node-gpu'].version;
}
