/**
 * Runs a command to its end under the guardian, so that an interrupted or killed set-up leaves no compiler
 * or package manager at work behind it.
 */
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SetupError } from './errors.mjs';

/** @typedef {{ command: string, args: readonly string[], cwd?: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal }} Command */

const GUARDIAN = fileURLToPath(new URL('../guardian.mjs', import.meta.url));
const KEPT_OUTPUT = 4_000;
/** None: what a killed set-up leaves at work would get in the next one's way. */
const GRACE_MS = 0;

/**
 * Returns what it wrote (the last 4,000 characters). Throws `SetupError` with that when it fails.
 * @param {Command} options
 * @returns {Promise<string>}
 */
export function runCommand({ command, args, cwd = process.cwd(), env = {}, signal }) {
  return new Promise((resolve, reject) => {
    const guardian = spawn(process.execPath, [GUARDIAN], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env },
    });
    let output = '';
    let ending = 'was stopped';
    let succeeded = false;
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    guardian.stdout?.on('data', keep);
    guardian.stderr?.on('data', keep);
    guardian.on('message', (/** @type {any} */ message) => {
      if (message.kind === 'failed') ending = `could not be started (${message.message})`;
      if (message.kind !== 'exited') return;
      succeeded = message.code === 0;
      ending = message.code === null ? `was ended by ${message.signal}` : `exited ${message.code}`;
    });
    guardian.once('error', reject);
    // 'close' and not 'exit': only then has all output been read.
    guardian.once('close', () => {
      if (succeeded) resolve(output);
      else reject(new SetupError(`"${[command, ...args].join(' ')}" ${ending}.\n${output.trim()}`));
    });
    signal?.addEventListener('abort', () => {
      if (guardian.connected) guardian.send({ kind: 'stop' }, () => {});
    });
    guardian.send({ kind: 'start', command, args, cwd, lock: null, graceMs: GRACE_MS }, () => {});
  });
}

/**
 * What a quick command prints, or `undefined` when it is not there, fails, or takes over 20 s.
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<string | undefined>}
 */
export function ask(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve(error ? undefined : stdout + stderr);
    });
  });
}
