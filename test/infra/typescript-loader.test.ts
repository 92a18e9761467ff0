/** Sources run as TypeScript; packages run as they lie on the disk. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../infra/paths.mjs';
import { temporaryFolder } from '../support/servers.ts';

test('a package is not rewritten, a source file beside it is', async () => {
  const folder = await temporaryFolder();
  const inPackage = join(folder.path, 'node_modules', 'plain');
  mkdirSync(inPackage, { recursive: true });
  writeFileSync(
    join(inPackage, 'package.json'),
    JSON.stringify({ name: 'plain', type: 'module', exports: './index.js' }),
  );
  // tsx rewrites functions that import dynamically: their text tells.
  const dynamic =
    'export const load = () => import("node:os");\nexport const text = load.toString();\n';
  writeFileSync(join(inPackage, 'index.js'), dynamic);
  writeFileSync(
    join(folder.path, 'main.mts'),
    'import { text } from "plain";\nconst typed: string = text;\nconsole.log(typed);\n',
  );
  const loader = join(projectRoot, 'infra', 'typescript-loader.mjs');
  const run = (imported: string) =>
    execFileSync(process.execPath, ['--import', imported, join(folder.path, 'main.mts')], {
      cwd: projectRoot,
      encoding: 'utf8',
    }).trim();
  expect(run(loader)).toBe('() => import("node:os")');
  expect(run('tsx')).not.toBe(run(loader));
  await folder.remove();
});
