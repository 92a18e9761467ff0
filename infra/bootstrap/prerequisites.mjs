/**
 * What must be on the machine already, and what to say when it is not. Each finder looks at the PATH of now
 * and returns `undefined` for "not there".
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../paths.mjs';
import { ask } from './command.mjs';
import { satisfies } from './versions.mjs';

/** @typedef {{ command: string, args: readonly string[] }} Invocation */

/** The sentences that tell how to get each thing. */
export const mend = {
  node: `Install Node.js ${nodeRange()} (22 is best), for example with nvm or your system's packages.`,
  npm: 'npm is not on the PATH; it comes with Node.js: install it (Debian: apt-get install npm).',
  go: 'Go 1.21 or newer is needed to build the embedded servers: install it (Debian 13 and Ubuntu 24.04: apt-get install golang-go; elsewhere https://go.dev/doc/install).',
  python:
    'Python 3 with pip brings the current TensorFlow library: install them (Debian: apt-get install python3 python3-pip).',
  compiler:
    'A C++ compiler builds the TensorFlow addon: install g++ (Debian: apt-get install g++).',
  glibc:
    'TensorFlow is built for glibc: use a Debian, Ubuntu, Fedora or similar system, or infra/Dockerfile (not Alpine).',
  platform:
    'Native TensorFlow is set up here on Linux x86_64 and aarch64 only: use infra/Dockerfile on other systems.',
};

/** @returns {string} */
function nodeRange() {
  return JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')).engines.node;
}

export const isNodeSupported = (version = process.versions.node) => satisfies(version, nodeRange());

/** `undefined`, or why native TensorFlow cannot work on this system. */
export function platformProblem() {
  const { platform, arch } = process;
  if (platform !== 'linux' || !['x64', 'arm64'].includes(arch)) return mend.platform;
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    process.report.getReport()
  );
  return report.header.glibcVersionRuntime === undefined ? mend.glibc : undefined;
}

/** The driver's own description, when there is an NVIDIA driver. */
export function nvidiaDriver() {
  const path = '/proc/driver/nvidia/version';
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n')[0] : undefined;
}

/**
 * What of this machine computes in bfloat16 by itself; a GPU does from Ampere on, whatever the processor.
 *
 * @returns {string | undefined} the processor's flag
 */
export function bfloat16Flag(cpuInfo = readIfThere('/proc/cpuinfo')) {
  const [, flags = ''] = /^flags\s*:(.*)$/m.exec(cpuInfo) ?? [];
  return ['amx_bf16', 'avx512_bf16'].find((flag) => flags.split(' ').includes(flag));
}

/** @param {string} path */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** @returns {Promise<Invocation | undefined>} the npm that runs us, else the one on the PATH */
export async function findNpm() {
  const running = process.env['npm_execpath'];
  if (running?.endsWith('npm-cli.js') && existsSync(running)) {
    return { command: process.execPath, args: [running] };
  }
  return (await ask('npm', ['--version'])) === undefined ? undefined : { command: 'npm', args: [] };
}

/** @returns {Promise<Invocation | undefined>} a pip, from Python 3 or through uv */
export function findPip() {
  return firstOf([
    { command: 'python3', args: ['-m', 'pip'] },
    { command: 'pip3', args: [] },
    { command: 'uv', args: ['tool', 'run', 'pip'] },
  ]);
}

/** @returns {Promise<Invocation | undefined>} */
export function findCompiler() {
  return firstOf([
    { command: 'g++', args: [] },
    { command: 'clang++', args: [] },
  ]);
}

/** @returns {Promise<string | undefined>} Go's version, when it is new enough to fetch the exact one itself */
export async function findGo() {
  const [, version] = /go(\d[\d.]*)/.exec((await ask('go', ['version'])) ?? '') ?? [];
  return version !== undefined && satisfies(version, '>=1.21') ? version : undefined;
}

/**
 * @param {readonly Invocation[]} candidates
 * @returns {Promise<Invocation | undefined>} the first that answers `--version`
 */
async function firstOf(candidates) {
  for (const candidate of candidates) {
    const answer = await ask(candidate.command, [...candidate.args, '--version']);
    if (answer !== undefined) return candidate;
  }
  return undefined;
}
