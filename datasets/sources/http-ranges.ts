/** Ranges of a file behind http(s) (RFC 9110, section 14), from a server that has them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ArchiveChangedError, ArchiveUnavailableError, NoRangesError } from '../errors.ts';
import { printable, type RangedSource } from './archive-stream.ts';
import { requestHttp } from './http-source.ts';

const ATTEMPTS = 4;
const PAUSE_MS = 500;

/** A first range tells the length: signed addresses often allow GET alone. Errors as `openRanges` has them. */
export async function openHttpRanges(url: string): Promise<RangedSource> {
  const first = await range(url, 0, 1);
  return {
    bytes: first.total,
    getRange: async (_key, start, end) => {
      const { contents, total, etag } = await range(url, start, end);
      if (total === first.total && etag === first.etag) return contents;
      throw new ArchiveChangedError({ url: printable(url), was: first.etag, is: etag });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

interface Range {
  readonly contents: Uint8Array<ArrayBuffer>;
  /** Of the whole file. */
  readonly total: number;
  readonly etag: string | undefined;
}

async function range(url: string, start: number, end: number): Promise<Range> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await requestRange(url, start, end);
    } catch (error) {
      if (!(error instanceof ArchiveUnavailableError) || attempt === ATTEMPTS) throw error;
      await sleep(PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}

async function requestRange(url: string, start: number, end: number): Promise<Range> {
  const headers = { range: `bytes=${String(start)}-${String(end - 1)}` };
  const response = await requestHttp(url, headers);
  const [, from, total] =
    /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '') ?? [];
  if (response.status !== 206 || Number(from) !== start) {
    await response.body?.cancel();
    throw new NoRangesError(printable(url));
  }
  const contents = await response.arrayBuffer().catch((cause: unknown) => {
    throw new ArchiveUnavailableError({ url: printable(url), reason: 'it broke off', cause });
  });
  if (contents.byteLength !== end - start) {
    throw new ArchiveUnavailableError({ url: printable(url), reason: 'a range came cut off' });
  }
  const etag = response.headers.get('etag') ?? response.headers.get('last-modified') ?? undefined;
  return { contents: new Uint8Array(contents), total: Number(total), etag };
}
