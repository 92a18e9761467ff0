/**
 * Ends this process when its parent is gone. The IPC channel's `disconnect` says so at once, but only to
 * a main thread that listens: inside a native op that never returns (a GPU that hangs) nobody would hear
 * it. A thread of its own therefore looks at the parent's id too and kills the process from there.
 */
import { Worker } from 'node:worker_threads';

/** Plain JavaScript, so that it needs no loader in the thread. */
const WATCH = `
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  }, 1000);
`;

export function exitWithParent(): void {
  process.on('disconnect', () => process.exit(0));
  new Worker(WATCH, { eval: true, execArgv: [] }).unref();
}
