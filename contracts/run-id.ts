/**
 * A run's id is its workflow's id, and part of keys in the store, of file names and of the ids of its stages. The command
 * line's ids and those of schedules (`nightly-2026-11-29T02:00:00Z`) are so; the Temporal UI lets people write anything.
 */
const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,150}$/;

/** What is wrong with the id, in a sentence; `undefined` for a good one. */
export function runIdProblem(id: string): string | undefined {
  if (RUN_ID.test(id)) return undefined;
  return (
    "a run's id (the workflow id) is part of keys in the store: it must begin with a letter or a digit, have letters, " +
    `digits and . _ : - only, and no more than 151 characters; got "${id.slice(0, 200)}"`
  );
}
