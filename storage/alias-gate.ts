/** The gate before an alias: who may become champion, and why (not). Pure, so that it can be read and tested. */
import type { Verdict } from '../contracts/control.ts';
import type { Alias } from '../contracts/manifests.ts';
import type { Gate } from '../contracts/pipeline-input.ts';
import type { Scores } from '../contracts/references.ts';

export interface AliasCandidate {
  readonly version: number;
  /** Hash of the split that `scores` were measured on. */
  readonly splitHash: string;
  readonly scores: Scores;
}

export interface GateRules {
  /** `null` for none: every version passes. */
  readonly gate: Gate | null;
  /** What a person said; `null` where none was asked. */
  readonly verdict: Verdict | null;
}

export interface AliasDecision {
  readonly moves: boolean;
  readonly reason: string;
}

/** Scores are means of floats: 0.58 − 0.55 is a little less than 0.03. */
const ROUNDING = 1e-9;

/**
 * A candidate takes the alias when the gate lets it pass and no person says otherwise. The gate is asked again after a
 * person has approved: another version may have become better meanwhile.
 */
export function decideAlias(
  holder: Alias | undefined,
  candidate: AliasCandidate,
  { gate, verdict }: GateRules,
): AliasDecision {
  if (verdict?.isApproved === false) {
    return { moves: false, reason: verdictWords('rejected', verdict) };
  }
  const passage = passGate(holder, candidate, gate);
  if (verdict === null) return passage;
  const approved = verdictWords('approved', verdict);
  return passage.moves
    ? { moves: true, reason: `${passage.reason}; ${approved}` }
    : { moves: false, reason: `${approved}, but by then ${passage.reason}` };
}

/**
 * Passes when its score is at least the minimum, and nobody holds the alias or it beats the holder's by the margin on
 * the same split. Scores on different splits are scores of different exams: they decide nothing, so the alias
 * stays where it is.
 */
function passGate(
  holder: Alias | undefined,
  { version, splitHash, scores }: AliasCandidate,
  gate: Gate | null,
): AliasDecision {
  if (gate === null) {
    return { moves: true, reason: `version ${version} takes it without a gate` };
  }
  const { metric, minimum, margin } = gate;
  const ours = scores[metric];
  const name = METRICS[metric];
  if (ours < minimum - ROUNDING) {
    return {
      moves: false,
      reason: `${name} ${shown(ours)} of version ${version} is below the minimum of ${minimum}`,
    };
  }
  if (holder === undefined) {
    return { moves: true, reason: `version ${version} is the first (${name} ${shown(ours)})` };
  }
  const theirs = holder.scores[metric];
  if (holder.splitHash !== splitHash) {
    return {
      moves: false,
      reason:
        `version ${holder.version} was scored on split ${short(holder.splitHash)} and version ` +
        `${version} on split ${short(splitHash)}: their scores do not compare. ` +
        `Evaluate both on one split; "lesionflow models promote" lets the alias name either all the same`,
    };
  }
  const comparison =
    `${name} ${shown(ours)} of version ${version} against ${shown(theirs)} ` +
    `of version ${holder.version} on the same split`;
  const isGreater = ours > theirs && ours - theirs >= margin - ROUNDING;
  if (isGreater) return { moves: true, reason: comparison };
  const asked = margin === 0 ? 'not greater' : `not greater by ${margin}`;
  return { moves: false, reason: `${comparison}: ${asked}` };
}

const METRICS: Readonly<Record<Gate['metric'], string>> = {
  jaccard: 'Jaccard',
  thresholdJaccard: 'threshold Jaccard',
  dice: 'Dice',
  sensitivity: 'sensitivity',
  specificity: 'specificity',
  accuracy: 'accuracy',
};

/** `approved by Ada: outlines of the atlas are fine`; nobody is named where the time ran out. */
function verdictWords(what: 'approved' | 'rejected', { by, reason }: Verdict): string {
  const who = by === null ? what : `${what} by ${by}`;
  return reason === '' ? who : `${who}: ${reason}`;
}

const shown = (score: number) => score.toFixed(4);
const short = (hash: string) => hash.slice(0, 8);
