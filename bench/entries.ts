/** What a contestant did, as it stands in the results. */
import { ContestantError } from './errors.ts';
import type { Ended, Ran } from './protocol.ts';
import type { Entry, Finished } from './results.ts';

export interface Done {
  readonly name: string;
  readonly library: string;
  readonly warmUps: readonly Ran[];
  readonly runs: readonly Ran[];
  readonly ended: Ended;
}

export function finished({ name, library, warmUps, runs, ended }: Done): Finished {
  const { parts, detections, positives = ended.positives } = runs.at(-1) ?? {};
  const { peakResidentBytes } = ended;
  return {
    name,
    outcome: 'finished',
    library,
    warmUps: warmUps.map(({ milliseconds }) => milliseconds),
    milliseconds: runs.map(({ milliseconds }) => milliseconds),
    peakResidentBytes,
    ...(parts === undefined ? {} : { parts }),
    ...(detections === undefined ? {} : { detections }),
    ...(positives === undefined ? {} : { positives }),
  };
}

/** What a `ContestantError` means; throws anything else. */
export function failed(name: string, error: unknown): Entry {
  if (!(error instanceof ContestantError)) throw error;
  return { name, outcome: error.outcome, reason: error.message };
}
