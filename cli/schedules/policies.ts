/** What a schedule does when a run is still going, when the server was away, and when a run fails. */
import { InvalidArgumentError } from 'commander';
import type { ScheduleOverlapPolicy } from '@temporalio/client';

type Policy = NonNullable<ScheduleOverlapPolicy>;

/** As `--overlap` takes them. Termination is left out: a cancelled run saves its epoch, a terminated one saves nothing. */
export const overlaps = {
  skip: { policy: 'SKIP', meaning: 'the new run is left out' },
  'buffer-one': {
    policy: 'BUFFER_ONE',
    meaning: 'the new run waits for the end of the one under way; any further are left out',
  },
  'buffer-all': { policy: 'BUFFER_ALL', meaning: 'each run waits for its turn' },
  'cancel-other': {
    policy: 'CANCEL_OTHER',
    meaning: 'the run under way is cancelled (its epoch is saved), then the new one starts',
  },
  'allow-all': { policy: 'ALLOW_ALL', meaning: 'both run at the same time' },
} as const satisfies Readonly<Record<string, { policy: Policy; meaning: string }>>;

export type Overlap = keyof typeof overlaps;
export const overlapNames = Object.keys(overlaps) as Overlap[];

/** `skip` for `SKIP`; also of a policy that only the Temporal UI gives. */
export const overlapName = (policy: ScheduleOverlapPolicy): string =>
  (policy ?? 'SKIP').toLowerCase().replaceAll('_', '-');

export const overlapMeaning = (name: string): string | undefined =>
  name in overlaps ? overlaps[name as Overlap].meaning : undefined;

export const DEFAULT_OVERLAP: Overlap = 'skip';
export const DEFAULT_CATCHUP = '1h';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Temporal takes a shorter window for this one, without a word. */
const LEAST_CATCHUP_SECONDS = 10;

/** `90s`, `30m`, `1h`, `2d` → seconds. */
export function catchupSeconds(text: string): number {
  const [, number, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = number === undefined ? 0 : Number(number) * SECONDS[unit as keyof typeof SECONDS];
  if (seconds >= LEAST_CATCHUP_SECONDS) return seconds;
  throw new InvalidArgumentError('It must be a time from 10s on, such as 90s, 30m, 1h or 2d.');
}
