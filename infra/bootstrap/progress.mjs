/** What the set-up says while it works: a line when a step begins, with the reason for the wait, and when it ends. */

const REMINDER_MS = 30_000;

/** @typedef {<T>(name: string, reason: string, work: () => Promise<T>) => Promise<T>} Report */

/**
 * @param {(line: string) => void} [print]
 * @returns {{ say(line: string): void, report: Report, close(): void }}
 */
export function createProgress(print = (line) => process.stderr.write(`${line}\n`)) {
  const start = performance.now();
  /** @type {Map<string, number>} */
  const running = new Map();
  const say = (/** @type {string} */ line) => print(`[${elapsed(start)}] ${line}`);
  const reminder = setInterval(() => {
    const waits = [...running].map(([name, since]) => `${name} (${elapsed(since).trim()})`);
    if (waits.length > 0) say(`still at work: ${waits.join(', ')}`);
  }, REMINDER_MS).unref();

  return {
    say,
    report: async (name, reason, work) => {
      const since = performance.now();
      running.set(name, since);
      say(`${name}: ${reason}`);
      try {
        const result = await work();
        say(`${name}: done in ${elapsed(since).trim()}`);
        return result;
      } finally {
        running.delete(name);
      }
    },
    close: () => clearInterval(reminder),
  };
}

/** @param {number} since */
const elapsed = (since) => `${((performance.now() - since) / 1000).toFixed(1).padStart(5)} s`;
