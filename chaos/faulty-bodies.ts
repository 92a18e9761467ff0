/** Bodies that do not arrive as they should. */
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** So little at a time, and so long in between, in bytes and ms: 40 kB/s. */
const DROP_BYTES = 2_000;
const DROP_MS = 50;

/** Slow for as long as `isSlow` says so; then the rest flows freely. */
export function trickled(isSlow: () => boolean): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      void drip(this, chunk, isSlow).then(() => done());
    },
  });
}

async function drip(into: Transform, chunk: Buffer, isSlow: () => boolean): Promise<void> {
  let at = 0;
  while (at < chunk.length && isSlow()) {
    into.push(chunk.subarray(at, at + DROP_BYTES));
    at += DROP_BYTES;
    await sleep(DROP_MS);
  }
  if (at < chunk.length) into.push(chunk.subarray(at));
}

/** Passes half of `bytes`, then calls `onCut` and swallows the rest; at its end when there are no bytes. */
export function cutAfterHalf(bytes: number, onCut: () => void): Transform {
  const half = Math.floor(bytes / 2);
  let passed = 0;
  let isCut = false;
  const cutOnce = () => {
    if (!isCut) onCut();
    isCut = true;
  };
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const left = Math.max(0, half - passed);
      passed += chunk.length;
      if (!isCut && left > 0) this.push(chunk.subarray(0, left));
      if (passed >= half) cutOnce();
      done();
    },
    flush(done) {
      cutOnce();
      done();
    },
  });
}
