/** The results' files: `<date>-<cpu>.json` and `.svg`, and the page of the newest. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { svgOf } from '../report/drawing.ts';
import { drawResults } from './figure.ts';
import { slug } from './machine.ts';
import { resultsPage } from './page.ts';
import { resultsSchema, type Results } from './results.ts';

/** Returns the paths, the page's last. */
export async function writeResults(folder: string, results: Results): Promise<string[]> {
  const checked = resultsSchema.parse(results);
  await mkdir(folder, { recursive: true });
  const name = `${checked.date.slice(0, 10)}-${slug(checked.machine.cpu)}`;
  const json = join(folder, `${name}.json`);
  const svg = join(folder, `${name}.svg`);
  await writeFile(json, `${JSON.stringify(checked, null, 2)}\n`);
  await writeFile(svg, svgOf(drawResults(checked)));
  return [json, svg, await rewritePage(folder)];
}

/** Writes `README.md` anew from the newest results in `folder`; returns its path. */
export async function rewritePage(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const all = await Promise.all(
    names.map(async (name) => ({
      name: name.replace(/\.json$/, ''),
      results: resultsSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8'))),
    })),
  );
  const newest = all.reduce((a, b) => (b.results.date > a.results.date ? b : a));
  const page = join(folder, 'README.md');
  await writeFile(page, resultsPage(newest.results, newest.name));
  return page;
}
