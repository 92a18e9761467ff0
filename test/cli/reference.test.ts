/** docs/cli.md, the help and the examples against the commands themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { allNodes, commandTree, type CommandNode } from '../../cli/command-tree.ts';
import { AUTO, presetNames } from '../../cli/presets.ts';
import { buildProgram } from '../../cli/program.ts';
import { referenceMarkdown } from '../../cli/reference/markdown.ts';
import { projectRoot } from '../../infra/paths.mjs';
import { lesionflowHere } from './here.ts';

const root = commandTree(buildProgram(() => undefined));
const nodes = new Map(allNodes(root).map((node) => [node.path, node]));
const leaves = [...nodes.values()].filter(({ children }) => children.length === 0);

test('docs/cli.md is what "npm run docs:cli" writes', () => {
  expect(readFileSync(join(projectRoot, 'docs', 'cli.md'), 'utf8')).toBe(referenceMarkdown(root));
});

test('every command but the one that prints a script prints JSON', () => {
  const without = leaves.filter(({ options }) => !options.some(({ flags }) => flags === '--json'));
  expect(without.map(({ path }) => path)).toEqual(['lesionflow completion']);
});

describe.each(leaves.map((leaf) => [leaf.path, leaf] as const))('%s', (path, leaf) => {
  test('shows examples in its help', async () => {
    const [, ...words] = path.split(' ');
    const { code, stdout } = await lesionflowHere([...words, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n\nExamples?:\n {2}\S/);
    for (const example of leaf.examples) expect(stdout).toContain(`  ${example}\n`);
  });

  test.each(leaf.examples)('understands %s', (example) => {
    for (const line of commandLinesIn(example)) expect(problemsOf(line)).toEqual([]);
  });
});

test('an example with an option that is not there would be noticed', () => {
  expect(commandLinesIn('$(lesionflow a "b c" | x) && lesionflow d')).toEqual([
    ['a', '"b c"'],
    ['d'],
  ]);
  expect(problemsOf(['runs', 'list', '--nope', '3'])).toEqual([
    'lesionflow runs list has no --nope',
  ]);
  expect(problemsOf(['predict', 'a.jpg'])).toEqual(['lesionflow predict needs --out']);
  expect(problemsOf(['models', 'show'])).toEqual(['lesionflow models show needs <version>']);
  expect(problemsOf(['runs', 'list', '--state', 'gone'])).toEqual(['--state is never gone']);
});

/** Each `lesionflow …` in a line for a shell, as words. */
const commandLinesIn = (example: string): string[][] =>
  [...example.matchAll(/\blesionflow ([^|&)>]*)/g)].map(([, line = '']) =>
    [...line.matchAll(/"[^"]*"|'[^']*'|[^\s\\]+/g)].map(([word]) => word),
  );

/** What the commands would say of it. */
function problemsOf(words: readonly string[]): string[] {
  const rest = [...words];
  let node: CommandNode = root;
  for (let next = nodes.get(`${node.path} ${rest[0] ?? ''}`); next;) {
    node = next;
    rest.shift();
    next = nodes.get(`${node.path} ${rest[0] ?? ''}`);
  }
  const problems: string[] = [];
  const given = new Set<string>();
  let plain = 0;
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('--')) {
      plain++;
      continue;
    }
    const name = word;
    given.add(name);
    const option = node.options.find(({ names }) => names.includes(name));
    if (option === undefined) return [`${node.path} has no ${name}`];
    if (!option.takesValue) continue;
    const value = rest.shift();
    const choices = name === '--preset' ? [...presetNames, AUTO] : option.choices;
    if (value === undefined || (choices.length > 0 && !choices.includes(value))) {
      problems.push(`${name} is never ${value ?? 'alone'}`);
    }
  }
  const missing = [
    ...node.options.filter(
      ({ isRequired, names }) => isRequired && !names.some((one) => given.has(one)),
    ),
  ].map(({ flags }) => flags.split(' ')[0] ?? '');
  const lacking = node.parts.filter(({ name }) => name.startsWith('<')).slice(plain);
  return [
    ...problems,
    ...[...missing, ...lacking.map(({ name }) => name)].map((what) => `${node.path} needs ${what}`),
  ];
}
