/** A source of an archive that has been opened: what is known of it, and its bytes. */
export interface ArchiveStream {
  /** Changes when the contents do (ETag, modification time); `undefined` when the source tells nothing. */
  readonly version: string | undefined;
  readonly bytes: number | undefined;
  /** All bytes, once. Typed errors when they cannot be had. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Lets go of the source without reading it. */
  cancel(): Promise<void>;
}

/** An archive that is looked into where it lies, without fetching it as a whole. */
export interface RangedSource extends AsyncDisposable {
  /** Of the whole archive. */
  readonly bytes: number;
  /** Bytes `start` to `end` (exclusive). */
  getRange(key: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** An address without what may be secret in it: user, password, signature. */
export function printable(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
