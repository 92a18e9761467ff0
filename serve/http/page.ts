/** The page, put together from its three files to one that needs nothing else. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export interface Page {
  readonly html: string;
  /** As the content security policy wants them: `sha256-…`. */
  readonly scriptHash: string;
  readonly styleHash: string;
}

/** Read once, at the start. */
export async function readPage(): Promise<Page> {
  const read = (name: string) => readFile(new URL(`../page/${name}`, import.meta.url), 'utf8');
  const [html, style, script] = await Promise.all(['page.html', 'page.css', 'page.mjs'].map(read));
  if (html === undefined || style === undefined || script === undefined) throw new Error('no page');
  return {
    // By functions: a "$&" in the script is not to mean anything.
    html: html
      .replace('<link rel="stylesheet" href="page.css" />', () => `<style>${style}</style>`)
      .replace(
        '<script type="module" src="page.mjs"></script>',
        () => `<script type="module">${script}</script>`,
      ),
    scriptHash: hashOf(script),
    styleHash: hashOf(style),
  };
}

const hashOf = (text: string): string =>
  `sha256-${createHash('sha256').update(text).digest('base64')}`;
