/** Why a contestant gives no time: it is part of the results, never the end of the bench. */

export class ContestantError extends Error {
  readonly outcome: 'not supported' | 'did not finish';

  constructor(outcome: ContestantError['outcome'], reason: string) {
    super(reason);
    this.name = new.target.name;
    this.outcome = outcome;
  }
}

/** The bench itself cannot be run; the message says what to do. */
export class BenchError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
  }
}
