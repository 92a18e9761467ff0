/**
 * A person's word on a version that the gate has let pass: asked for, waited for, given once. Plain state without
 * Temporal; control-handlers.ts is its door, publish.ts waits for it.
 */
import type { Verdict, VerdictRequest } from '../contracts/control.ts';
import type { RunStatus } from '../contracts/progress.ts';

export class Approval {
  #isWanted = false;
  #asked: { readonly gate: string; readonly until: string } | undefined;
  #verdict: Verdict | null = null;

  /** The run's input says that a person decides. */
  want(): void {
    this.#isWanted = true;
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** Does the run wait for an answer? */
  get isAwaited(): boolean {
    return this.#asked !== undefined && this.#verdict === null;
  }

  /** What was said; `null` before. */
  get verdict(): Verdict | null {
    return this.#verdict;
  }

  get status(): RunStatus['approval'] {
    return this.#asked === undefined ? null : { ...this.#asked, verdict: this.#verdict };
  }

  /** The version may have the alias, in the gate's words; an answer counts until then. */
  ask(gate: string, until: Date): void {
    this.#asked = { gate, until: until.toISOString() };
  }

  decide(isApproved: boolean, { by, reason }: VerdictRequest): void {
    this.#verdict = { isApproved, by, reason };
  }

  timeOut(hours: number): void {
    const time = `${hours} hour${hours === 1 ? '' : 's'}`;
    this.#verdict = { isApproved: false, by: null, reason: `nobody answered within ${time}` };
  }
}
