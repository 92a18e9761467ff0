/** What cannot be scored: masks that do not fit each other, values out of range, nothing to average. */
export class ScoringError extends Error {
  readonly values: Readonly<Record<string, unknown>>;

  constructor(message: string, values: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = 'ScoringError';
    this.values = values;
  }
}
