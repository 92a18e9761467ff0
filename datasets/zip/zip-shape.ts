/**
 * Does a stream of bytes look like a whole zip? Looks at its two ends only (APPNOTE.TXT 4.3.7, 4.3.16), which
 * is enough to tell a web page or a cut download before it is stored.
 */
const END_SIGNATURE = Buffer.from('PK\u0005\u0006');
/** The end record and its longest comment. */
const LONGEST_END = 22 + 0xffff;

export class ZipShape {
  #head = Buffer.alloc(0);
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #bytes = 0;

  add(chunk: Uint8Array): void {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#bytes += buffer.length;
    if (this.#head.length < 4) {
      this.#head = Buffer.concat([this.#head, buffer.subarray(0, 4 - this.#head.length)]);
    }
    this.#tail.push(buffer);
    this.#tailBytes += buffer.length;
    while (this.#tailBytes - (this.#tail[0]?.length ?? 0) >= LONGEST_END) {
      this.#tailBytes -= this.#tail.shift()?.length ?? 0;
    }
  }

  /** What is wrong, in words; `undefined` when nothing is. */
  flaw(): string | undefined {
    if (this.#bytes === 0) return 'it is empty';
    const start = this.#head.toString('latin1');
    if (!start.startsWith('PK')) {
      return `it starts with ${JSON.stringify(start)} instead of "PK"`;
    }
    const end = Buffer.concat(this.#tail).subarray(-LONGEST_END);
    return end.includes(END_SIGNATURE)
      ? undefined
      : `the end of its directory is missing after ${String(this.#bytes)} bytes, so it was cut short`;
  }
}
