/**
 * An archive behind http(s). A download that breaks off goes on where it stopped (RFC 9110, `Range` with
 * `If-Range`), as long as the server vouches by a strong ETag or a date that the file is still the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LesionFlowError } from '../../contracts/errors.ts';
import {
  ArchiveChangedError,
  ArchiveNotFoundError,
  ArchiveRefusedError,
  ArchiveUnavailableError,
  TruncatedDownloadError,
} from '../errors.ts';
import { printable, type ArchiveStream } from './archive-stream.ts';

export interface HttpSourceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Failures in a row, without a byte in between, after which the download is given up. */
  readonly attempts?: number;
  /** Pause after the first failure, in ms; doubles with each further one. */
  readonly pauseMs?: number;
  /** A connection that is silent for so long counts as broken. */
  readonly silenceMs?: number;
}

/** Throws `ArchiveNotFoundError`, `ArchiveRefusedError`, `ArchiveUnavailableError`. */
export async function openHttpSource(
  url: string,
  options: HttpSourceOptions = {},
): Promise<ArchiveStream> {
  const { attempts = 5, pauseMs = 500, signal } = options;
  const first = await requestHttp(url, {}, options);
  const version = first.headers.get('etag') ?? first.headers.get('last-modified') ?? undefined;
  const bytes = lengthOf(first);
  const validator = strongValidator(first);

  async function* chunks() {
    let at = 0;
    let failures = 0;
    let response: Response | undefined = first;
    for (;;) {
      let cause: unknown;
      try {
        response ??= await resume(at);
        for await (const chunk of bodyOf(response, options)) {
          at += chunk.byteLength;
          failures = 0;
          yield chunk;
        }
        if (bytes === undefined || at === bytes) return;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof LesionFlowError && !(error instanceof ArchiveUnavailableError)) {
          throw error;
        }
        cause = error;
      }
      failures++;
      response = undefined;
      if (validator === undefined || failures >= attempts || (bytes !== undefined && at > bytes)) {
        throw new TruncatedDownloadError({ url: printable(url), got: at, expected: bytes, cause });
      }
      await sleep(pauseMs * 2 ** (failures - 1), undefined, signal && { signal });
    }
  }

  async function resume(at: number): Promise<Response> {
    const headers = { range: `bytes=${String(at)}-`, 'if-range': validator ?? '' };
    const response = await requestHttp(url, headers, options);
    const from = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1];
    if (response.status === 206 && Number(from) === at) return response;
    await response.body?.cancel();
    // The whole file instead of the rest: it is another one, or the server has no ranges.
    const is = response.headers.get('etag') ?? response.headers.get('last-modified') ?? undefined;
    if (is !== version) throw new ArchiveChangedError({ url: printable(url), was: version, is });
    throw new TruncatedDownloadError({ url: printable(url), got: at, expected: bytes });
  }

  return {
    version,
    bytes,
    chunks,
    cancel: async () => {
      await first.body?.cancel();
    },
  };
}

/** Typed errors for every answer but a good one. */
export async function requestHttp(
  url: string,
  headers: Record<string, string>,
  { signal, silenceMs = 30_000 }: HttpSourceOptions = {},
): Promise<Response> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), silenceMs);
  const address = printable(url);
  let response: Response;
  try {
    response = await fetch(url, {
      // Lengths and ranges must count the archive's own bytes.
      headers: { 'accept-encoding': 'identity', ...headers },
      signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = silence.signal.aborted ? `no answer in ${silenceMs} ms` : networkReason(cause);
    throw new ArchiveUnavailableError({ url: address, reason, cause });
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return response;
  await response.body?.cancel();
  const reason = `HTTP ${String(response.status)} ${response.statusText}`.trim();
  if (response.status === 404 || response.status === 410) {
    throw new ArchiveNotFoundError({ url: address, reason });
  }
  if (response.status === 416) {
    throw new ArchiveChangedError({ url: address, was: headers['if-range'], is: undefined });
  }
  if (response.status >= 500 || response.status === 429 || response.status === 408) {
    throw new ArchiveUnavailableError({ url: address, reason });
  }
  throw new ArchiveRefusedError({ url: address, reason });
}

/** The body's chunks; throws when none comes for `silenceMs`. A slow reader is no silence. */
async function* bodyOf(
  response: Response,
  { signal, silenceMs = 30_000 }: HttpSourceOptions,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const silence = new AbortController();
      const given = signal ? AbortSignal.any([signal, silence.signal]) : silence.signal;
      const chunk = await Promise.race([
        reader.read(),
        sleep(silenceMs, undefined, { signal: given, ref: false }).then(() => {
          throw new Error(`silent for ${String(silenceMs)} ms`);
        }),
      ]).finally(() => silence.abort());
      if (chunk.done) return;
      yield chunk.value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function lengthOf(response: Response): number | undefined {
  const length = response.headers.get('content-length');
  return length === null || response.headers.has('content-encoding') ? undefined : Number(length);
}

/** What `If-Range` accepts: no weak ETags. */
function strongValidator({ headers }: Response): string | undefined {
  const etag = headers.get('etag');
  if (etag !== null && !etag.startsWith('W/')) return etag;
  return headers.get('last-modified') ?? undefined;
}

/** `fetch failed` says nothing; the reason (`ECONNREFUSED`, `ENOTFOUND`, …) is in the cause. */
function networkReason(error: unknown): string {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: unknown };
  return code ?? (cause === undefined ? (message ?? 'unknown') : networkReason(cause));
}
