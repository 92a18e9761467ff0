/**
 * Starts a thread from TypeScript source: tsx, given to node by `--import`, registers in main threads only.
 * Plain JavaScript, so that it needs no loader itself.
 */
import { pathToFileURL } from 'node:url';
import { workerData } from 'node:worker_threads';
import { register } from 'node:module';
import { register as registerTsx } from 'tsx/esm/api';

registerTsx();
register(new URL('../../infra/plain-packages.mjs', import.meta.url));
await import(pathToFileURL(workerData.entry).href);
