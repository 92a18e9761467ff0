/**
 * Runs TypeScript source: `node --import ./infra/typescript-loader.mjs FILE.ts`. tsx, but for packages, which are
 * JavaScript as they are: rewriting h5wasm, 4 MB in one file, would take a second and 600 MB in each process.
 */
import { register } from 'node:module';
import 'tsx';

// Hooks that are registered later are asked first.
register('./plain-packages.mjs', import.meta.url);
