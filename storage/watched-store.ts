/** A store that says how a long transfer gets on: whoever waits for it can tell slow from hung. */
import { Readable } from 'node:stream';
import type { ObjectStore } from './object-store.ts';

/** The same store; `onBytes` hears of each chunk that is streamed in or out. */
export function watchedStore(store: ObjectStore, onBytes: (bytes: number) => void): ObjectStore {
  const watched = (source: Readable) => {
    async function* chunks() {
      for await (const chunk of source as AsyncIterable<Uint8Array>) {
        onBytes(chunk.byteLength);
        yield chunk;
      }
    }
    return Readable.from(chunks(), { objectMode: false });
  };
  return {
    ...store,
    getStream: async (key) => watched(await store.getStream(key)),
    putStream: (key, body, options) => store.putStream(key, watched(body), options),
  };
}

/** Calls `work` at most once a second, with what was counted in all. */
export function onceASecond(work: (total: number) => void): (count: number) => void {
  let total = 0;
  let last = performance.now();
  return (count) => {
    total += count;
    if (performance.now() - last < 1000) return;
    last = performance.now();
    work(total);
  };
}
