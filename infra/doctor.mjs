#!/usr/bin/env node
/**
 * Looks at this machine and says what LesionFlow has, lacks, and how to mend it. Node built-ins only, so
 * that it is of use before anything is installed: `node infra/doctor.mjs`, `lesionflow doctor`.
 */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { pathToFileURL } from 'node:url';
import { ask } from './bootstrap/command.mjs';
import { probeTensorflow, tensorflowFlavour } from './bootstrap/native-tensorflow.mjs';
import { isInstalled } from './bootstrap/npm-packages.mjs';
import {
  bfloat16Flag,
  findCompiler,
  findGo,
  findPip,
  isNodeSupported,
  mend,
  nvidiaDriver,
  platformProblem,
} from './bootstrap/prerequisites.mjs';
import { projectRoot, toolPath } from './paths.mjs';

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {'ok' | 'warn' | 'missing'} state `warn`: works, but not as it could
 * @property {string} found
 * @property {string} mend what to do; empty when all is well
 */

const SET_UP = 'Run "npm run setup".';
const GIGABYTE = 1e9;
const NEEDED_GIGABYTES = { cpu: 5, gpu: 15 };
const REACH_MS = 3_000;

/** @returns {Promise<Check[]>} in the order in which things build on each other */
export async function checkMachine(environment = process.env) {
  const checks = await Promise.all([
    checkNode(),
    checkPackages(),
    checkTensorflow(),
    checkDriver(),
    checkBfloat16(),
    checkTool('temporal', 'Temporal dev server'),
    checkTool('versitygw', 'S3 server (versitygw)'),
    checkPip(),
    checkCompiler(),
    checkGo(),
    checkDisk(),
    checkPorts(),
    checkStore(environment),
    checkTemporal(environment),
  ]);
  return checks.flat();
}

/** @returns {Check} */
function checkNode() {
  const found = `Node.js ${process.versions.node}`;
  return isNodeSupported() ? ok('Node.js', found) : missing('Node.js', found, mend.node);
}

/** @returns {Check} */
function checkPackages() {
  return isInstalled(projectRoot)
    ? ok('npm packages', 'as in package-lock.json')
    : missing('npm packages', 'not all of package-lock.json', SET_UP);
}

/** @returns {Promise<Check>} */
async function checkTensorflow() {
  const name = 'native TensorFlow';
  const problem = platformProblem();
  if (problem !== undefined) return missing(name, `${process.platform} ${process.arch}`, problem);
  const library = await probeTensorflow();
  if (library === undefined) return missing(name, 'does not load', SET_UP);
  const found = `${library.version}, ${library.gpu ? 'computes on the GPU' : 'computes on the CPU'}`;
  if (library.version.startsWith('2.9.')) {
    const then = 'then delete .lesionflow/stamps and run "npm run setup".';
    return warn(name, `${found}, the package's own of 2022`, `${mend.python} ${then}`);
  }
  const unused = nvidiaDriver() !== undefined && !library.gpu;
  return unused
    ? warn(name, found, `The driver is there but no GPU is in use: look at nvidia-smi. ${SET_UP}`)
    : ok(name, found);
}

/** @returns {Check} */
function checkDriver() {
  return ok('NVIDIA driver', nvidiaDriver() ?? 'none: TensorFlow computes on the CPU');
}

/** @returns {Check} */
function checkBfloat16() {
  const flag = bfloat16Flag();
  const faster = '"--set model.precision=bfloat16" trains faster here';
  if (nvidiaDriver() !== undefined) return ok('bfloat16', `on GPUs from Ampere on ${faster}`);
  return flag === undefined
    ? ok('bfloat16', 'not in this processor: leave model.precision at float32')
    : ok('bfloat16', `in this processor (${flag}): ${faster}`);
}

/**
 * @param {'temporal' | 'versitygw'} tool
 * @param {string} name
 * @returns {Promise<Check>}
 */
async function checkTool(tool, name) {
  const path = toolPath(tool);
  if (!existsSync(path)) return missing(name, `no ${path}`, SET_UP);
  const answer = await ask(path, ['--version']);
  const version = answer?.split('\n').find((line) => /version|Version/.test(line));
  return answer === undefined ? missing(name, 'does not run', SET_UP) : ok(name, version ?? path);
}

/** @returns {Promise<Check>} */
async function checkPip() {
  const pip = await findPip();
  return pip
    ? ok('Python 3 with pip', [pip.command, ...pip.args].join(' '))
    : warn('Python 3 with pip', 'none: set-up falls back to TensorFlow 2.9', mend.python);
}

/** @returns {Promise<Check>} */
async function checkCompiler() {
  const compiler = await findCompiler();
  return compiler
    ? ok('C++ compiler', compiler.command)
    : warn('C++ compiler', 'none: set-up brings zig, which takes minutes longer', mend.compiler);
}

/** @returns {Promise<Check>} */
async function checkGo() {
  const version = await findGo();
  if (version !== undefined) return ok('Go', version);
  const built = existsSync(toolPath('temporal')) && existsSync(toolPath('versitygw'));
  return built
    ? warn('Go', 'none (the servers are built)', mend.go)
    : missing('Go', 'none', mend.go);
}

/** @returns {Promise<Check>} */
async function checkDisk() {
  const { bavail, bsize } = await statfs(projectRoot);
  const free = (bavail * bsize) / GIGABYTE;
  const needed = NEEDED_GIGABYTES[tensorflowFlavour()];
  const found = `${free.toFixed(1)} GB free`;
  return free >= needed
    ? ok('disk', found)
    : warn('disk', found, `Free at least ${needed} GB where ${projectRoot} is.`);
}

/** @returns {Promise<Check>} */
async function checkPorts() {
  const server = createServer();
  const port = await new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return port
    ? ok('loopback ports', 'can be opened')
    : missing('loopback ports', 'none can be opened', 'Allow processes to listen on 127.0.0.1.');
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<Check[]>}
 */
async function checkStore(environment) {
  const bucket = environment['LESIONFLOW_S3_BUCKET'];
  const endpoint = environment['LESIONFLOW_S3_ENDPOINT'];
  if (!bucket)
    return [ok('object store', 'none set: "lesionflow dev" and the demo start their own')];
  if (!endpoint) return [ok('object store', `bucket ${bucket} on AWS S3 (not asked)`)];
  const answers = await fetch(endpoint, { signal: AbortSignal.timeout(REACH_MS) }).catch(
    () => undefined,
  );
  return [
    answers
      ? ok('object store', `${endpoint} answers`)
      : missing(
          'object store',
          `${endpoint} is silent`,
          'Start it, or mend LESIONFLOW_S3_ENDPOINT.',
        ),
  ];
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<Check[]>}
 */
async function checkTemporal(environment) {
  const address = environment['TEMPORAL_ADDRESS'];
  if (!address) return [ok('Temporal', 'none set: "lesionflow dev" and the demo start their own')];
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(address) ?? [];
  const answers = port !== '' && (await canConnect(host, Number(port)));
  return [
    answers
      ? ok('Temporal', `${address} answers`)
      : missing(
          'Temporal',
          `${address} is silent`,
          'Start it, or mend TEMPORAL_ADDRESS (host:port).',
        ),
  ];
}

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function canConnect(host, port) {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: REACH_MS });
    const settle = (/** @type {boolean} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
  });
}

/** @type {(name: string, found: string) => Check} */
const ok = (name, found) => ({ name, state: 'ok', found, mend: '' });
/** @type {(name: string, found: string, mend: string) => Check} */
const warn = (name, found, mend) => ({ name, state: 'warn', found, mend });
/** @type {(name: string, found: string, mend: string) => Check} */
const missing = (name, found, mend) => ({ name, state: 'missing', found, mend });

/**
 * @param {readonly Check[]} checks
 * @returns {string} a line each, and below it what to do
 */
export function renderChecks(checks) {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, state, found, mend: advice }) => [
      `${state.padEnd(7)}  ${name.padEnd(width)}  ${found}`,
      ...(advice === '' ? [] : [`${''.padEnd(9)}${''.padEnd(width)}  → ${advice}`]),
    ])
    .join('\n');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const checks = await checkMachine();
  console.log(renderChecks(checks));
  if (checks.some(({ state }) => state === 'missing')) process.exitCode = 1;
}
