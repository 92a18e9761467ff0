/** A killed trainer's task folders are gone when the next one starts, and nobody else's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { removeDeadWorkspaces, workspacePrefix } from '../../trainer/dead-workspaces.ts';
import { makeWorkspace, workspaceParent } from '../../trainer/tools.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('dead trainers leave nothing, living ones and other machines keep theirs', async () => {
  const cache = await temporaryFolder();
  const parent = workspaceParent(cache.path);
  const living = spawn('sleep', ['60']);
  const dead = spawn('sleep', ['60']);
  dead.kill('SIGKILL');
  await once(dead, 'exit');
  const make = (name: string) => {
    mkdirSync(join(parent, name), { recursive: true });
    writeFileSync(join(parent, name, 'weights.h5'), 'many bytes');
  };
  const kept = [`${workspacePrefix(living.pid)}abc123`, 'another-host-1-abc123', 'strange'];
  kept.forEach(make);
  make(`${workspacePrefix(dead.pid)}abc123`);
  // Of an earlier process with the same number.
  make(`${workspacePrefix()}abc123`);

  await removeDeadWorkspaces(parent);
  expect(readdirSync(parent).sort()).toEqual(kept.sort());

  await removeDeadWorkspaces(join(cache.path, 'not-there'));
  {
    await using own = await makeWorkspace(cache.path);
    expect(readdirSync(parent)).toHaveLength(4);
    expect(own.folder).toContain(workspacePrefix());
  }
  expect(readdirSync(parent)).toHaveLength(3);
  living.kill();
  await cache.remove();
});
