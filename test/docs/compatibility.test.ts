/**
 * Holds docs/compatibility.md to the code (every path and name that it gives is there) and to the reference
 * (every name of matterport-surface.json has its row, and no other).
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { camelCase, configAsMatterport } from '../../maskrcnn/config-names.ts';
import { parseConfig } from '../../maskrcnn/config-parsing.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { layerTable } from '../../maskrcnn/layer-table.ts';
import { exportedNames } from './exported-names.ts';

interface Row {
  readonly section: string;
  /** Without backticks. */
  readonly names: readonly string[];
  readonly here: string;
  readonly verdict: string;
  readonly remarks: string;
}

const DOCS = new URL('../../docs/', import.meta.url);
const page = readFileSync(new URL('compatibility.md', DOCS), 'utf8');
const rows = readRows(page);
const surface = JSON.parse(
  readFileSync(new URL('matterport-surface.json', import.meta.url), 'utf8'),
) as {
  readonly config: Readonly<Record<string, unknown>>;
  readonly names: Readonly<Record<string, readonly string[]>>;
};
const pathOf = (link: string) => fileURLToPath(new URL(link, DOCS));
const namesIn = (section: string) =>
  rows.filter((row) => row.section === section).flatMap(({ names }) => names);

describe('each row', () => {
  test('says yes, how or no; where and in which way it is not the same, it says so', () => {
    const unclear = rows.filter(
      ({ here, verdict, remarks }) =>
        !['yes', 'how', 'no'].includes(verdict) ||
        (verdict === 'no') !== (here === '—') ||
        (verdict !== 'yes' && remarks === '') ||
        here === '',
    );
    expect(unclear).toEqual([]);
    expect(rows.length).toBeGreaterThan(200);
  });
});

describe('what is here', () => {
  const links = [...page.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, text = '', link = '']) => ({
    text,
    link,
  }));

  test('is at the path that the page gives', () => {
    const missing = links.filter(({ link }) => !existsSync(pathOf(link)));
    expect(missing).toEqual([]);
  });

  test('is exported there under the name that the page gives', () => {
    const named = links.filter(({ text }) => text.startsWith('`'));
    const missing = named.filter(
      ({ text, link }) =>
        existsSync(pathOf(link)) && !exportedNames(pathOf(link)).has(text.replaceAll('`', '')),
    );
    expect(missing).toEqual([]);
    expect(named.length).toBeGreaterThan(150);
  });
});

describe('every name of the reference has a row, and no other', () => {
  test.each(Object.entries(surface.names))('in %s.py', (file, names) => {
    const isSample = ['balloon', 'coco', 'nucleus', 'shapes'].includes(file);
    const found = namesIn(isSample ? `samples/${file}` : `mrcnn/${file}.py`);
    expect([...found].sort()).toEqual([...names].sort());
  });

  test('in the options of Config', () => {
    expect(namesIn('Config options').sort()).toEqual(Object.keys(surface.config).sort());
  });
});

describe('the options', () => {
  const options = rows.filter(({ section }) => section === 'Config options');
  const ours = configAsMatterport(parseConfig({})) as unknown as Readonly<Record<string, unknown>>;
  const derived = ['BATCH_SIZE', 'IMAGE_META_SIZE', 'IMAGE_SHAPE'];

  test.each(options.filter(({ verdict }) => verdict !== 'no'))('$names', (row) => {
    const [name = ''] = row.names;
    expect(row.here).toBe(`\`${camelCase(name)}\``);
    expect(Object.keys(ours)).toContain(name);
    if (row.verdict === 'yes' && !derived.includes(name))
      expect(ours[name]).toEqual(surface.config[name]);
  });

  test('that Matterport lacks are all named', () => {
    const theirs = new Set(Object.keys(surface.config).map(camelCase));
    const extra = Object.keys(maskRcnnConfigSchema.unwrap().shape).filter(
      (name) => !theirs.has(name),
    );
    const [, told = ''] = /Options that Matterport lacks: ([^;]+);/.exec(page) ?? [];
    expect([...told.matchAll(/`(\w+)`/g)].map(([, name]) => name).sort()).toEqual(extra.sort());
  });
});

test('every layer with weights has the name that the page gives, and the page gives no other', () => {
  const patterns = rows
    .filter(({ section, verdict }) => section === 'Layer names' && verdict === 'yes')
    .flatMap(({ names }) => names)
    .map((name) => new RegExp(`^${name.replaceAll('*', '[a-z0-9]+')}$`));
  const layers = layerTable(parseConfig({})).map(({ layer }) => layer);
  const matches = layers.map((layer) => patterns.filter((pattern) => pattern.test(layer)).length);
  expect(layers.filter((_, i) => matches[i] !== 1)).toEqual([]);
  expect(patterns.filter((pattern) => !layers.some((layer) => pattern.test(layer)))).toEqual([]);
});

function readRows(markdown: string): Row[] {
  let section = '';
  return markdown.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) section = line.slice(3);
    const cells = line.split('|').map((cell) => cell.trim());
    const [, names = '', here = '', verdict = '', remarks = ''] = cells;
    if (cells.length < 6 || !names.startsWith('`')) return [];
    const parts = names.split(', ').map((name) => name.replaceAll('`', ''));
    return [{ section, names: parts, here, verdict, remarks }];
  });
}
