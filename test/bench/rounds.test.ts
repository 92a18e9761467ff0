/** The driver against real processes that answer, refuse, die and hang. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Contestant } from '../../bench/contestant.ts';
import type { Prepare } from '../../bench/protocol.ts';
import { inRounds, roundsFor, takesPart } from '../../bench/rounds.ts';
import { startUps } from '../../bench/start-up.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const STAND_IN = fileURLToPath(new URL('./stand-in.mjs', import.meta.url));
const request: Omit<Prepare, 'do'> = {
  case: { kind: 'detect', size: 64, batch: 1, precision: 'float32' },
  pictures: [],
  weights: null,
};

let temporary: Awaited<ReturnType<typeof temporaryFolder>>;
let folder: string;
let log: string;

beforeEach(async () => {
  temporary = await temporaryFolder();
  folder = temporary.path;
  log = join(folder, 'log');
  writeFileSync(log, '');
});

afterEach(() => temporary.remove());

const command = (name: string, behaviour = 'work') => ({
  command: process.execPath,
  args: [STAND_IN, name, behaviour, log],
});
const entrant = (name: string, behaviour?: string) => ({ name, command: command(name, behaviour) });
const options = { request, rounds: 3, warmUps: 2, budgetMs: 1000 };

describe('a case in rounds', () => {
  test('contestants warm up one after the other, then take turns', async () => {
    const entries = await inRounds({ ...options, entrants: [entrant('A'), entrant('B')] });
    expect(readFileSync(log, 'utf8')).toBe('AABBABABAB');
    expect(entries).toEqual([
      {
        name: 'A',
        outcome: 'finished',
        library: 'library of A',
        warmUps: [11, 12],
        milliseconds: [13, 14, 15],
        detections: 5,
        peakResidentBytes: 1024,
      },
      expect.objectContaining({ name: 'B', milliseconds: [13, 14, 15] }),
    ]);
  });

  test('one that dies or refuses says so in its entry, and the others go on', async () => {
    const entries = await inRounds({
      ...options,
      entrants: [entrant('A', 'die'), entrant('B', 'refuse'), entrant('C')],
    });
    expect(entries).toEqual([
      {
        name: 'A',
        outcome: 'did not finish',
        reason: expect.stringMatching(/^was ended by SIGKILL[^]*out of something/),
      },
      { name: 'B', outcome: 'not supported', reason: 'cannot do this' },
      expect.objectContaining({ name: 'C', milliseconds: [13, 14, 15] }),
    ]);
  });

  test('one that cannot be started is an entry too', async () => {
    const missing = { name: 'A', command: { command: join(folder, 'no-such-python'), args: [] } };
    const [entry] = await inRounds({ ...options, entrants: [missing] });
    expect(entry).toMatchObject({
      outcome: 'did not finish',
      reason: expect.stringContaining('could not be started'),
    });
  });

  test('a slow one takes part in fewer rounds, spread over all', async () => {
    const slow = entrant('S', 'slow');
    const entries = await inRounds({ ...options, rounds: 4, entrants: [entrant('A'), slow] });
    expect(entries[1]).toMatchObject({ milliseconds: [10_000, 10_000] });
    expect(readFileSync(log, 'utf8')).toBe('AASSAASAAS');
  });
});

test('a contestant that gives no answer in time is ended', async () => {
  await using contestant = new Contestant(command('A', 'hang'), 2_000);
  await contestant.prepare(request);
  await expect(contestant.run()).rejects.toThrow('gave no answer within 2 s');
});

test.each([
  [2_000, 5],
  [8_000, 3],
  [60_000, 2],
])('of 5 rounds in 30 s, a step of %d ms is measured in %d', (milliseconds, count) => {
  expect(roundsFor(milliseconds, { rounds: 5, budgetMs: 30_000 })).toBe(count);
  const taken = [0, 1, 2, 3, 4].filter((round) => takesPart(round, count, 5));
  expect(taken).toHaveLength(count);
});

test('a start with a cache is measured cold, then warm on what the cold one left', async () => {
  const folders: string[] = [];
  const cached = (cache: string) => {
    folders.push(cache);
    return command('A');
  };
  const entries = await startUps({
    entrants: [{ ...entrant('A'), cached }, entrant('B')],
    request,
    rounds: 2,
    warmUps: 1,
    folder,
  });
  expect(entries.map(({ name }) => name)).toEqual(['A, cold cache', 'A, warm cache', 'B']);
  expect(readFileSync(log, 'utf8')).toBe('AABAABAAB');
  expect(new Set(folders).size).toBe(3);
  for (const entry of entries) {
    expect(entry).toMatchObject({
      outcome: 'finished',
      milliseconds: [expect.any(Number), expect.any(Number)],
    });
    // From the start of the process, not what the step alone took.
    if (entry.outcome === 'finished') expect(Math.min(...entry.milliseconds)).toBeGreaterThan(11);
  }
});
