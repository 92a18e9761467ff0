#!/usr/bin/env node
/**
 * Makes a fresh clone ready: npm packages, native TensorFlow, the embedded servers. `npm test` and
 * `npm run demo` run it first; when all is there it ends at once. Node built-ins only, since nothing else is
 * installed yet; `--without-servers` leaves the embedded servers out. Everything goes to `node_modules/` and `.lesionflow/`; no root, no docker.
 */
import { SetupError } from './bootstrap/errors.mjs';
import { setUp } from './bootstrap/steps.mjs';

try {
  await setUp({ servers: !process.argv.includes('--without-servers') });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`LesionFlow cannot be set up:\n${error.message}`);
  process.exitCode = 1;
}
