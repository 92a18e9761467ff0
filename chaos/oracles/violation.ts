/** What an oracle says when a promise was broken. */
export type OracleName =
  | 'completion'
  | 'final state'
  | 'one publication'
  | 'work lost'
  | 'orphans'
  | 'whole objects'
  | 'uploads'
  | 'secrets';

export interface Violation {
  readonly oracle: OracleName;
  readonly what: string;
}

/** The violations of one oracle. */
export const violations = (oracle: OracleName, whats: readonly string[]): Violation[] =>
  whats.map((what) => ({ oracle, what }));
