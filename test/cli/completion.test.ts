/** Completion in real shells: what Tab proposes. Shells that are not on this machine are skipped. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../support/servers.ts';
import { lesionflowHere } from './here.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await lesionflowHere(['completion', shell]);
    expect([code, stderr]).toEqual([0, '']);
    writeFileSync(join(folder.path, shell), stdout);
  }
});
afterAll(() => folder.remove());

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

/** What a shell prints that has read its script, line by line. */
function linesOf(shell: string, commands: string, first = ''): string[] {
  const script = `${first}\nsource ${join(folder.path, shell)}\n${commands}`;
  const { stdout, stderr } = spawnSync(shell, ['-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

/** What Tab proposes after these words, the last of which is begun. */
const proposals: Readonly<Record<string, (...words: readonly string[]) => string[]>> = {
  bash: (...words) =>
    linesOf(
      'bash',
      `COMP_WORDS=(lesionflow ${words.map((word) => `'${word}'`).join(' ')})
       COMP_CWORD=${String(words.length)}
       _lesionflow
       printf '%s\\n' "\${COMPREPLY[@]}"`,
    ),
  fish: (...words) =>
    linesOf('fish', `complete -C 'lesionflow ${words.join(' ')}'`).map(
      (line) => line.split('\t')[0] ?? '',
    ),
};

describe.each(Object.keys(proposals))('in %s', (shell) => {
  const inShell = has(shell) ? test : test.skip;
  const after = (...words: readonly string[]) => proposals[shell]?.(...words) ?? [];

  inShell('commands are proposed, then theirs, then options and their values', () => {
    expect(after('mod')).toEqual(['models']);
    expect(after('runs', '').sort()).toEqual(['compare', 'list', 'show', 'watch']);
    expect(after('runs', 'list', '--l')).toEqual(['--limit']);
    expect(after('runs', 'list', '--state', 'c').sort()).toEqual(['cancelled', 'completed']);
    expect(after('models', 'export', '7', '--format', '').sort()).toEqual(['h5', 'saved-model']);
    expect(after('completion', 'z')).toEqual(['zsh']);
  });

  inShell("an option's value is not taken for a command", () => {
    expect(after('models', 'list', '--limit', '3', '--js')).toEqual(['--json']);
    expect(after('models', 'rollback', '--alias', 'show', '--re')).toEqual(['--reason']);
  });
});

(has('zsh') ? test : test.skip)('zsh reads its script and completes with it', () => {
  const lines = linesOf(
    'zsh',
    // The builtins of completion work only inside of it: here they say what they are given.
    `_describe() { print -l -- \${(P)argv[-1]} }
     compadd() { shift; print -l -- $@ }
     tab() { words=(lesionflow "$@"); CURRENT=$#words; PREFIX=$words[-1]; _lesionflow }
     tab runs ''; tab models export 7 --format ''; tab runs list --`,
    'autoload -Uz compinit && compinit -u -D',
  );
  expect(lines).toEqual(
    expect.arrayContaining([
      'list:the runs there are, the newest first',
      'saved-model',
      '--limit:at most so many',
    ]),
  );
});

test('a shell that is not known is wrong usage', async () => {
  const { code, stderr } = await lesionflowHere(['completion', 'tcsh']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')]);
});
