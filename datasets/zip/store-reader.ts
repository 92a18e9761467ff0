/**
 * Random access to an object for yauzl. Small reads that lie close together are served from blocks that were
 * read as a whole, so that a directory of thousands of entries costs a few ranged requests.
 */
import { Readable } from 'node:stream';
import { RandomAccessReader } from 'yauzl';
import type { ObjectStore } from '../../storage/object-store.ts';

/** The memory that a reader may hold is about a block's bytes times these. */
const BLOCK_BYTES = 4 * 1024 * 1024;
const BLOCKS = 12;

export interface StoreReaderOptions {
  readonly store: RangedSource;
  readonly key: string;
  readonly bytes: number;
  /** Whoever reads only some entries does well with small blocks: what is larger is read by itself. */
  readonly blockBytes?: number;
}

type RangedSource = Pick<ObjectStore, 'getRange'>;

export class StoreReader extends RandomAccessReader {
  readonly #store: RangedSource;
  readonly #key: string;
  readonly #bytes: number;
  readonly #blockBytes: number;
  /** By block number, least recently used first; reads under way are shared. */
  readonly #blocks = new Map<number, Promise<Uint8Array>>();

  constructor({ store, key, bytes, blockBytes = BLOCK_BYTES }: StoreReaderOptions) {
    super();
    this.#store = store;
    this.#key = key;
    this.#bytes = bytes;
    this.#blockBytes = blockBytes;
  }

  /** Bytes `start` to `end` (exclusive), as a buffer of their own. */
  async bytes(start: number, end: number): Promise<Buffer> {
    if (end - start > this.#blockBytes && end <= this.#bytes) {
      const range = await this.#store.getRange(this.#key, start, end);
      return Buffer.from(range.buffer, range.byteOffset, range.byteLength);
    }
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
      const number = Math.floor(at / this.#blockBytes);
      const first = number * this.#blockBytes;
      const block = await this.#block(number);
      const until = Math.min(end, first + block.length);
      yield block.subarray(at - first, until - first);
      at = until;
    }
  }

  #block(number: number): Promise<Uint8Array> {
    const start = number * this.#blockBytes;
    const end = Math.min(start + this.#blockBytes, this.#bytes);
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
