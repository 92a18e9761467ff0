/** A block of lines at the end of the terminal that is drawn over again and again. */
import { stripVTControlCharacters } from 'node:util';

export interface LineOutput {
  readonly isTTY?: boolean;
  /** Of a terminal. */
  readonly columns?: number;
  write(text: string): unknown;
}

export class LiveLines {
  readonly #stream: LineOutput;
  #drawn = 0;

  constructor(stream: LineOutput) {
    this.#stream = stream;
  }

  /** Draws `lines` where the last ones were; each is cut to the terminal's width. */
  draw(lines: readonly string[]): void {
    const up = this.#drawn === 0 ? '' : `\u001b[${String(this.#drawn)}A`;
    const text = lines
      .map((line) => `\u001b[2K${cut(line, this.#stream.columns ?? 80)}\n`)
      .join('');
    this.#stream.write(`${up}${text}\u001b[0J`);
    this.#drawn = lines.length;
  }

  /** Writes lines that stay, above the block. */
  note(text: string): void {
    const up = this.#drawn === 0 ? '' : `\u001b[${String(this.#drawn)}A\u001b[0J`;
    this.#stream.write(`${up}${text}\n`);
    this.#drawn = 0;
  }
}

/** A line that would wrap breaks the counting; coloured ones are cut without their colours. */
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length < columns ? line : `${plain.slice(0, Math.max(0, columns - 2))}…`;
}
