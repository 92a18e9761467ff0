/** Starts a thread whose code is a file of ours: JavaScript in `dist`, TypeScript from source. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** `entry` is the file's path; `data` is what it finds as `workerData`. */
export function startThread(entry: string, data: object): Worker {
  if (!entry.endsWith('.ts')) return new Worker(entry, { workerData: data });
  const bootstrap = fileURLToPath(new URL('./typescript-thread.mjs', import.meta.url));
  return new Worker(bootstrap, { workerData: { ...data, entry } });
}
