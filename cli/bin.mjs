#!/usr/bin/env node
/**
 * The command `lesionflow`. Plain JavaScript on Node's own modules, so that it can say what is missing before
 * any package is installed. Runs the TypeScript source through tsx; where only `dist/` was shipped, that.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

if (!existsSync(here('../node_modules/commander/package.json'))) {
  process.stderr.write(
    'LesionFlow is not set up yet: its packages are missing. Run "npm run setup" first.\n',
  );
  process.exit(1);
}

// Whoever read the output wanted no more of it ("… | head"). 141 is what a shell says of an end by SIGPIPE.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

let main = '../dist/cli/main.js';
if (existsSync(here('main.ts'))) {
  await import('../infra/typescript-loader.mjs');
  main = './main.ts';
}
const { runCli } = await import(new URL(main, import.meta.url).href);
process.exitCode = await runCli(process.argv);
