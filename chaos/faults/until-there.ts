/** Waits for what comes by itself within a minute. */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;
const PATIENCE_MS = 60_000;

/** Throws when it did not come. */
export async function untilThere<T>(find: () => T | undefined): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`Waited a minute in vain for ${find.toString()}`);
    await sleep(POLL_MS);
  }
}
