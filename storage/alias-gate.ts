/** The gate before an alias: who may become champion, and why (not). Pure, so that it can be read and tested. */
import type { Alias } from '../contracts/manifests.ts';
import type { Scores } from '../contracts/references.ts';

export interface AliasCandidate {
  readonly version: number;
  /** Hash of the split that `scores` were measured on. */
  readonly splitHash: string;
  readonly scores: Scores;
}

export interface AliasDecision {
  readonly moves: boolean;
  readonly reason: string;
}

/**
 * A candidate takes the alias when nobody holds it, or when its threshold Jaccard is greater than the
 * holder's on the same split. Scores on different splits are scores of different exams: they decide
 * nothing, so the alias stays where it is.
 */
export function decideAlias(holder: Alias | undefined, candidate: AliasCandidate): AliasDecision {
  const ours = candidate.scores.thresholdJaccard;
  if (holder === undefined) {
    return {
      moves: true,
      reason: `version ${candidate.version} is the first (threshold Jaccard ${shown(ours)})`,
    };
  }
  const theirs = holder.scores.thresholdJaccard;
  if (holder.splitHash !== candidate.splitHash) {
    return {
      moves: false,
      reason:
        `version ${holder.version} was scored on split ${short(holder.splitHash)} and version ` +
        `${candidate.version} on split ${short(candidate.splitHash)}: their scores do not compare. ` +
        `Evaluate both on one split, or delete the alias "${holder.alias}" to start over`,
    };
  }
  const comparison =
    `threshold Jaccard ${shown(ours)} of version ${candidate.version} against ${shown(theirs)} ` +
    `of version ${holder.version} on the same split`;
  return ours > theirs
    ? { moves: true, reason: comparison }
    : { moves: false, reason: `${comparison}: not greater` };
}

const shown = (score: number) => score.toFixed(4);
const short = (hash: string) => hash.slice(0, 8);
