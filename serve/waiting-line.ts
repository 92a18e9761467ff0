/**
 * A bounded line in front of something that does one thing at a time. A place is taken before a picture is read
 * from the network, so that memory is bounded too; turns come in the order in which they are asked for, so that
 * nobody waits for a slow upload of somebody else.
 */
import { BusyError } from './errors.ts';

export interface Place extends Disposable {
  /** Resolves when it is this place's turn, which lasts until the place is given back. Rejects when aborted. */
  turn(signal: AbortSignal): Promise<void>;
}

export class WaitingLine {
  readonly places: number;
  #taken = 0;
  /** In the order of their turns; the first one's is now. */
  readonly #turns: (() => void)[] = [];

  constructor(places: number) {
    this.places = places;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Throws `BusyError` when all places are taken. */
  enter(): Place {
    if (this.#taken >= this.places) throw new BusyError(this.places);
    this.#taken++;
    let hasLeft = false;
    let begin: (() => void) | undefined;
    const leave = () => {
      if (hasLeft) return;
      hasLeft = true;
      this.#taken--;
      if (begin !== undefined) this.#giveUp(begin);
    };
    return {
      turn: (signal) =>
        new Promise((resolve, reject) => {
          begin = resolve;
          this.#turns.push(resolve);
          if (this.#turns.length === 1) resolve();
          const abort = () => {
            leave();
            reject(signal.reason as Error);
          };
          if (signal.aborted) abort();
          else signal.addEventListener('abort', abort, { once: true });
        }),
      [Symbol.dispose]: leave,
    };
  }

  #giveUp(begin: () => void): void {
    const at = this.#turns.indexOf(begin);
    this.#turns.splice(at, 1);
    if (at === 0) this.#turns[0]?.();
  }
}
