/** Drawings → files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pngOf, svgOf, type Drawing } from '../../report/drawing.ts';

export type PictureFormat = 'png' | 'svg';

export interface PictureWriter {
  /** Writes `NAME.png` or `NAME.svg` and gives its path. */
  picture(name: string, drawing: Drawing): Promise<string>;
  /** Writes a text file of this name and gives its path. */
  text(name: string, contents: string): Promise<string>;
  /** Paths of all that was written, in order. */
  readonly written: readonly string[];
}

/** `folder` is made when it is missing; `say` is told of each file. */
export async function pictureWriter(options: {
  readonly folder: string;
  readonly format: PictureFormat;
  readonly say: (line: string) => void;
}): Promise<PictureWriter> {
  const { folder, format, say } = options;
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  const write = async (name: string, contents: Uint8Array | string) => {
    const path = join(folder, name);
    await writeFile(path, contents);
    written.push(path);
    say(path);
    return path;
  };
  return {
    picture: async (name, drawing) =>
      write(`${name}.${format}`, format === 'png' ? await pngOf(drawing) : svgOf(drawing)),
    text: write,
    written,
  };
}
