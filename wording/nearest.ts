/** The right name for a mistyped one: by Levenshtein distance, blind to case, `_` and `-`. */

/**
 * The candidate within a third of the name's length (at least 2 edits), or `undefined`. Of a name in two
 * spellings it is the one that is spelled more like `name`.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(name);
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      edits: editDistance(wanted, plain(candidate)),
      exactEdits: editDistance(name, candidate),
    }))
    .sort((a, b) => a.edits - b.edits || a.exactEdits - b.exactEdits)[0];
  if (ranked === undefined) return undefined;
  return ranked.edits <= Math.max(2, Math.floor(wanted.length / 3)) &&
    ranked.edits < plain(ranked.candidate).length
    ? ranked.candidate
    : undefined;
}

/** `STEPS_PER_EPOCH`, `steps-per-epoch` and `stepsPerEpoch` are one name. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[_\s-]/g, '');

/** Insertions, deletions and substitutions that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
