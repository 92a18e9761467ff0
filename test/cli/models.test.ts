/** `lesionflow models …` over a registry in a real store: what they say, their JSON, their exit codes. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { modelVersionManifestSchema } from '../../contracts/manifests.ts';
import { resolveVersion } from '../../storage/model-registry.ts';
import { moveAlias } from '../../storage/move-alias.ts';
import {
  lineage,
  publishTestVersion,
  TO_CHAMPION,
  writeVersionFiles,
} from '../storage/registry-fixtures.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { lesionflowHere } from './here.ts';

const testStore = withTestStore();
let home: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  home = await temporaryFolder();
  await writeVersionFiles(home.path);
  const { store } = testStore();
  const found = [
    ['r1', 0.6, 'one'],
    ['r2', 0.7, 'one'],
    ['r3', 0.9, 'two'],
  ] as const;
  for (const [run, score, split] of found) {
    const publication = { model: 'lesion', run, folder: home.path, score, split };
    const { version } = await publishTestVersion(store, publication);
    const { manifest } = await resolveVersion(store, 'lesion', version);
    await moveAlias(store, manifest, TO_CHAMPION);
  }
});
afterAll(() => home.remove());

const lesionflow = (...args: readonly string[]) =>
  lesionflowHere(args, { ...testStore().environment, LESIONFLOW_HOME: home.path });

/** What a command says that succeeds. */
async function said(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lesionflow(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

/** The one JSON document that it prints. */
const json = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse(await said(...args, '--json'));

describe('looking', () => {
  test('list shows all versions, the newest first, with who names them and how they score', async () => {
    const table = (await said('models', 'list')).split('\n');
    expect(table[0]).toMatch(/^model +version +aliases +threshold Jaccard/);
    expect(table.slice(1, 4)).toEqual([
      expect.stringMatching(/^lesion +3 +0\.9000 .* r3$/),
      expect.stringMatching(/^lesion +2 +champion +0\.7000 .* r2$/),
      expect.stringMatching(/^lesion +1 +0\.6000 .* r1$/),
    ]);
    expect(table).toContain('Scores compare only where the split is the same.');
    expect(await json('models', 'list', 'lesion', '--limit', '1')).toMatchObject([
      { model: 'lesion', version: 3, aliases: [], facts: { runId: 'r3' } },
    ]);
    expect(await said('models', 'list', 'nothing')).toMatch(
      /^Nothing is published under "nothing"/,
    );
  });

  test("show leads down to the archives' hashes", async () => {
    const { archives, configHash } = lineage('r2');
    const page = await said('models', 'show', 'champion');
    expect(page).toMatch(/^lesion version 2, published/);
    expect(page).toMatch(/champion since .*, by the gate: /);
    expect(page).toMatch(new RegExp(`images +archive +${archives.images}\n`));
    expect(page).toMatch(new RegExp(`recipe +all options +${configHash}\n`));
    expect(page).toMatch(/run +r2\n$/);
    expect(await json('models', 'show', 'lesion@2')).toMatchObject({
      ref: { version: 2 },
      manifest: { lineage: { archives } },
      aliases: [{ alias: 'champion', history: [{ version: 2 }, { version: 1 }] }],
    });
  });

  test('diff says what differs, and when scores do not compare', async () => {
    const page = await said('models', 'diff', '1', '3');
    expect(page).toMatch(/threshold Jaccard +0\.6000 +0\.9000 +\+0\.3000/);
    expect(page).toContain('Scored on different splits');
    expect(page).toContain("The model's options are the same.");
    expect(page).toMatch(/code +[0-9a-f]{16} +[0-9a-f]{16}/);
    expect(await json('models', 'diff', '1', '2')).toMatchObject({
      isSameSplit: true,
      options: [],
    });
  });

  test('what is not there is wrong usage, and says what there is', async () => {
    const unknown = await lesionflow('models', 'show', '9');
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('versions are 1, 2, 3'),
    ]);
    const unnamed = await lesionflow('models', 'show', 'Le sion');
    expect([unnamed.code, unnamed.stderr]).toEqual([
      2,
      expect.stringContaining('lesion@3; got "Le sion"'),
    ]);
  });
});

test('export writes a folder that is what was published, and refuses one that is something else', async () => {
  const out = join(home.path, 'export');
  const { files } = (await json('models', 'export', '2', '--out', out)) as {
    files: { path: string; sha256: string }[];
  };
  expect(files.map(({ path }) => path)).toEqual(
    ['saved_model.pb', 'variables/variables.index', 'model-card.md'].map((path) => join(out, path)),
  );
  for (const { path, sha256 } of files) {
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256);
  }
  const manifest = readFileSync(join(out, 'manifest.json'), 'utf8');
  expect(modelVersionManifestSchema.parse(JSON.parse(manifest))).toMatchObject({ version: 2 });
  expect(await said('models', 'export', '2', '--out', out)).toContain('every hash as published');
  const other = await lesionflow('models', 'export', '3', '--out', out, '--format', 'h5');
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringContaining('holds no export of lesion version 3'),
  ]);
  writeFileSync(join(home.path, 'file'), '');
  const file = await lesionflow('models', 'export', '3', '--out', join(home.path, 'file'));
  expect(file.code).toBe(2);
});

test('an alias is promoted past the gate, rolled back, and rolled back again', async () => {
  const promoted = await json('models', 'promote', '3', '--by', 'anna', '--reason', 'new camera');
  expect(promoted).toMatchObject({ before: 2, version: 3, moved: true, by: 'anna' });
  expect(await said('models', 'show', 'champion')).toMatch(
    /champion since .*, by anna: new camera/,
  );
  expect(await said('models', 'promote', '3')).toBe('champion names lesion version 3 already.\n');
  const rolled = await said('models', 'rollback');
  expect(rolled).toMatch(/^champion names lesion version 2 now; before it named version 3\.\n/);
  expect(rolled).toContain('They were scored on different splits');
  expect(await json('models', 'rollback')).toMatchObject({ before: 2, version: 3 });

  expect(await said('models', 'promote', '1', '--alias', 'candidate')).toContain(
    'no such alias before',
  );
  const first = await lesionflow('models', 'rollback', '--alias', 'candidate');
  expect([first.code, first.stderr]).toEqual([
    2,
    expect.stringContaining('No version held "candidate" before'),
  ]);
  const number = await lesionflow('models', 'promote', '1', '--alias', '7');
  expect([number.code, number.stderr]).toEqual([2, expect.stringContaining('is no number')]);
});
