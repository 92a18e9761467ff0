/** Ctrl-C and its like as an abort signal. */
export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborts on the first signal; from then on a second one ends the process at once, as it always would. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const dispose = () => {
    for (const name of SIGNALS) process.off(name, abort);
  };
  const abort = () => {
    dispose();
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, abort);
  return { signal: controller.signal, [Symbol.dispose]: dispose };
}

/** Waits for the signal, and keeps the process alive until then. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const keepAlive = setInterval(() => undefined, 60_000);
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      clearInterval(keepAlive);
      resolve();
    });
  });
}
