/** The name of the code must change with the code, and with nothing else. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeHash } from '../../trainer/code-hash.ts';
import { temporaryFolder } from '../support/servers.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const ROOMS = [
  'augmentation',
  'contracts',
  'datasets',
  'evaluation',
  'graph',
  'maskrcnn',
  'storage',
  'trainer',
  'workflows',
];

async function sources(name: string): Promise<string> {
  const root = join(folder.path, name);
  for (const room of ROOMS) await mkdir(join(root, room, 'inner'), { recursive: true });
  await writeFile(join(root, 'maskrcnn', 'inner', 'a.ts'), 'a');
  await writeFile(join(root, 'trainer', 'b.ts'), 'b');
  return root;
}

test('the hash names contents and places of source files, not where the checkout lies', async () => {
  const one = await sources('one');
  const two = join(folder.path, 'two');
  await cp(one, two, { recursive: true });
  const hash = await codeHash({ root: one });
  await writeFile(join(two, 'trainer', 'notes.md'), 'no code');
  expect(await codeHash({ root: two })).toBe(hash);
  await writeFile(join(two, 'maskrcnn', 'inner', 'a.ts'), 'A');
  expect(await codeHash({ root: two })).not.toBe(hash);
});

test('code of other rooms than those asked for does not count', async () => {
  const root = await sources('rooms');
  const both = () =>
    Promise.all([codeHash({ root, rooms: ['maskrcnn'] }), codeHash({ root, rooms: ['trainer'] })]);
  const [maskrcnn, trainer] = await both();
  await writeFile(join(root, 'trainer', 'b.ts'), 'B');
  const after = await both();
  expect(after[0]).toBe(maskrcnn);
  expect(after[1]).not.toBe(trainer);
});
