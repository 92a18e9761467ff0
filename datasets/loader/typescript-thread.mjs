/**
 * Starts a thread from TypeScript source: tsx, given to node by `--import`, registers in main threads only.
 * Plain JavaScript, so that it needs no loader itself.
 */
import { pathToFileURL } from 'node:url';
import { workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
await import(pathToFileURL(workerData.entry).href);
