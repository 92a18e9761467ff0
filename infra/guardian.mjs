/**
 * Stands between a process and whoever started it, so that nothing outlives its parent, not even after a
 * kill -9: the IPC channel to the parent closes with the parent. The guardian leads a process group of its
 * own; the child and all it starts are in it. The end of the child, by itself or by `stop`, is the end of
 * the group. `processes.ts` is the other side.
 *
 * parent → guardian   start {command, args, cwd, lock?, graceMs}, then perhaps stop
 * guardian → parent   started {pid} | locked {heldBy} | failed {message}, then exited {code, signal}
 */
import { spawn } from 'node:child_process';
import { takeFolder } from './folder-lock.mjs';

/** @typedef {{ kind: 'start', command: string, args: string[], cwd: string, lock: string | null, graceMs: number }} StartMessage */

/** @type {import('node:child_process').ChildProcess | undefined} */
let child;
let graceMs = 0;

process.on('message', (/** @type {StartMessage | { kind: 'stop' }} */ message) => {
  if (message.kind === 'start') void start(message);
  else stop();
});
process.on('disconnect', stop);
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGHUP']))
  process.on(signal, stop);

/** @param {StartMessage} message */
async function start(message) {
  graceMs = message.graceMs;
  if (message.lock !== null) {
    const taken = await takeFolder(message.lock);
    if ('heldBy' in taken) return end({ kind: 'locked', heldBy: taken.heldBy });
  }
  const started = spawn(message.command, message.args, {
    cwd: message.cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  started.once('spawn', () => tell({ kind: 'started', pid: started.pid }));
  started.once('error', (error) => end({ kind: 'failed', message: error.message }));
  started.once('exit', (code, signal) => end({ kind: 'exited', code, signal }));
  child = started;
  if (!process.connected) stop();
}

/** Asks the child to end; what is left of the group after the grace is killed. */
function stop() {
  if (!child) return end({ kind: 'exited', code: null, signal: null });
  child.kill('SIGTERM');
  setTimeout(() => process.kill(-process.pid, 'SIGKILL'), graceMs);
}

/** @param {object} message */
function tell(message, then = () => {}) {
  if (process.connected) process.send?.(message, then);
  else then();
}

/**
 * Tells, then kills the whole group, the guardian with it.
 * @param {object} message
 */
function end(message) {
  tell(message, () => process.kill(-process.pid, 'SIGKILL'));
}
