/** Holds chosen requests at the proxy's door until they are let through. */
export interface SeenRequest {
  readonly method: string;
  /** Path with query, percent-encoded as it was sent. */
  readonly url: string;
}

export interface HeldRequest extends SeenRequest {
  /** Lets it go on its way; again is fine. */
  release(): void;
}

interface Gate {
  readonly matches: (request: SeenRequest) => boolean;
  readonly onHeld: (request: HeldRequest) => void;
}

export class RequestGates {
  readonly #gates = new Set<Gate>();

  /** The next request that `matches`; rejects with the signal's reason when that comes first. */
  hold(matches: Gate['matches'], signal: AbortSignal): Promise<HeldRequest> {
    return new Promise((resolve, reject) => {
      const gate: Gate = { matches, onHeld: resolve };
      this.#gates.add(gate);
      const onAbort = () => {
        this.#gates.delete(gate);
        reject(signal.reason as Error);
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Resolves when the request may go on: at once, but for one that a gate waits for. */
  enter(request: SeenRequest): Promise<void> {
    for (const gate of this.#gates) {
      if (!gate.matches(request)) continue;
      this.#gates.delete(gate);
      return new Promise((release) => gate.onHeld({ ...request, release }));
    }
    return Promise.resolve();
  }
}
