/** Holds the documents to what is there: each link leads somewhere, each page is in the index, each error has its entry. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NOT_OURS = ['node_modules', 'dist', '.lesionflow', '.git'];

/** Of the project, below `folder`, without what is installed or built. */
function filesIn(folder: string, extension: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.includes(entry.name) ? [] : filesIn(path, extension);
    return entry.name.endsWith(extension) ? [path] : [];
  });
}

const read = (path: string) => readFileSync(path, 'utf8');
const withoutCode = (markdown: string) => markdown.replace(/```[^]*?```/g, '');

/** As GitHub makes them: `## When there is no error` is `#when-there-is-no-error`. */
const anchorsOf = (markdown: string): string[] =>
  [...withoutCode(markdown).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the documents', () => {
  const pages = filesIn(ROOT, '.md');

  it.each(pages.map((page) => page.slice(ROOT.length)))('%s leads nowhere in vain', (page) => {
    const links = [...withoutCode(read(join(ROOT, page))).matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, link = '']) => link,
    );
    const broken = links
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path);
        if (!existsSync(target)) return true;
        return anchor !== undefined && target.endsWith('.md')
          ? !anchorsOf(read(target)).includes(anchor)
          : false;
      });
    expect(broken).toEqual([]);
  });

  it('are all in the index', () => {
    const index = read(join(ROOT, 'docs/README.md'));
    const missing = filesIn(join(ROOT, 'docs'), '.md')
      .map((page) => page.slice(join(ROOT, 'docs/').length))
      .filter((page) => page !== 'README.md' && !index.includes(`](${page})`));
    expect(missing).toEqual([]);
  });
});

describe('troubleshooting', () => {
  const page = read(join(ROOT, 'docs/guides/troubleshooting.md'));
  const sources = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && ![...NOT_OURS, 'test'].includes(entry.name))
    .flatMap(({ name }) => filesIn(join(ROOT, name), '.ts'));

  it('has an entry for every error of the source', () => {
    const codes = sources.flatMap((path) =>
      [...read(path).matchAll(/\bcode: '([a-z][a-z-]*)'/g)].map(([, code = '']) => code),
    );
    expect(codes.length).toBeGreaterThan(80);
    // Of zod's issues, whose failure is one of ours.
    const ours = new Set(codes.filter((code) => code !== 'custom'));
    expect(
      [...ours].filter(
        (code) => !page.includes(`| \`${code}\``) && !page.includes(`, \`${code}\``),
      ),
    ).toEqual([]);
  });
});
