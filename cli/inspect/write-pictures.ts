/** Drawings → files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pngOf, svgOf, type Drawing } from '../../report/drawing.ts';
import type { CommonFlags } from './common-flags.ts';

export interface PictureWriter {
  /** Writes `NAME.png` or `NAME.svg` and gives its path. */
  picture(name: string, drawing: Drawing): Promise<string>;
  /** Writes a text file of this name and gives its path. */
  text(name: string, contents: string): Promise<string>;
  /** Paths of all that was written, in order. */
  readonly written: readonly string[];
}

/** Files are told on stdout as they appear, but for `--json`; the folder is made when it is missing. */
export async function writerFor(
  flags: Pick<CommonFlags, 'out' | 'format' | 'json'>,
): Promise<PictureWriter> {
  const { out: folder, format, json } = flags;
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  const write = async (name: string, contents: Uint8Array | string) => {
    const path = join(folder, name);
    await writeFile(path, contents);
    written.push(path);
    if (json === undefined) process.stdout.write(`wrote ${path}\n`);
    return path;
  };
  return {
    picture: async (name, drawing) =>
      write(`${name}.${format}`, format === 'png' ? await pngOf(drawing) : svgOf(drawing)),
    text: write,
    written,
  };
}
