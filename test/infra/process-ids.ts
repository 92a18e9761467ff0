/** Whether processes live, as seen from outside them. */
import { setTimeout as sleep } from 'node:timers/promises';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when none of them is left; rejects after 10 s. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (!pids.some(isAlive)) return;
    await sleep(50);
  }
  throw new Error(`Still alive: ${pids.filter(isAlive).join(', ')}`);
}
