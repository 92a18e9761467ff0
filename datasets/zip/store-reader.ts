/**
 * Random access to an object for yauzl. Small reads that lie close together are served from blocks that were
 * read as a whole, so that a directory of thousands of entries costs a few ranged requests.
 */
import { Readable } from 'node:stream';
import { RandomAccessReader } from 'yauzl';
import type { ObjectStore } from '../../storage/object-store.ts';

/** The memory that a reader may hold is about `BLOCK_BYTES * BLOCKS`. */
const BLOCK_BYTES = 4 * 1024 * 1024;
const BLOCKS = 12;

type RangedSource = Pick<ObjectStore, 'getRange'>;

export class StoreReader extends RandomAccessReader {
  readonly #store: RangedSource;
  readonly #key: string;
  readonly #bytes: number;
  /** By block number, least recently used first; reads under way are shared. */
  readonly #blocks = new Map<number, Promise<Uint8Array>>();

  constructor({ store, key, bytes }: { store: RangedSource; key: string; bytes: number }) {
    super();
    this.#store = store;
    this.#key = key;
    this.#bytes = bytes;
  }

  /** Bytes `start` to `end` (exclusive), as a buffer of their own. */
  async bytes(start: number, end: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(end - start);
    await this.#fill(buffer, start);
    return buffer;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#pieces(start, end), { objectMode: false });
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#fill(buffer.subarray(offset, offset + length), position).then(
      () => callback(null),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #fill(target: Buffer, position: number): Promise<void> {
    let filled = 0;
    for await (const piece of this.#pieces(position, position + target.length)) {
      target.set(piece, filled);
      filled += piece.length;
    }
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Uint8Array> {
    if (start < 0 || end > this.#bytes) {
      throw new Error(`points to bytes ${start}..${end} of an archive of ${this.#bytes} bytes`);
    }
    for (let at = start; at < end;) {
      const number = Math.floor(at / BLOCK_BYTES);
      const first = number * BLOCK_BYTES;
      const block = await this.#block(number);
      const until = Math.min(end, first + block.length);
      yield block.subarray(at - first, until - first);
      at = until;
    }
  }

  #block(number: number): Promise<Uint8Array> {
    const start = number * BLOCK_BYTES;
    const end = Math.min(start + BLOCK_BYTES, this.#bytes);
    const block = this.#blocks.get(number) ?? this.#store.getRange(this.#key, start, end);
    this.#blocks.delete(number);
    this.#blocks.set(number, block);
    // A failed read must not be remembered as the block.
    block.catch(() => this.#blocks.delete(number));
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= BLOCKS) break;
      this.#blocks.delete(oldest);
    }
    return block;
  }
}
