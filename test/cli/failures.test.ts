/** Exit codes by kind of failure, and when colours are drawn. */
import { jest, afterEach, expect, test } from '@jest/globals';
import { wantsColour } from '../../cli/colours.ts';
import { exitCodes, reportFailure, RunFailedError, UsageError } from '../../cli/failures.ts';
import { AliasMovedError, UnknownVersionError } from '../../storage/registry-errors.ts';

afterEach(() => {
  jest.restoreAllMocks();
});

test.each([
  ['wrong usage', new UsageError('wrong'), exitCodes.badUsage],
  [
    'a version that is not there',
    new UnknownVersionError({ model: 'm', asked: 7, existing: [] }),
    exitCodes.badUsage,
  ],
  [
    'an alias that moved meanwhile',
    new AliasMovedError({ model: 'm', alias: 'champion', from: 1, now: 2 }),
    exitCodes.refused,
  ],
  ['a run that failed', new RunFailedError('The run failed.', {}), exitCodes.failed],
  ['a bug', new TypeError('a bug'), exitCodes.failed],
])('%s has its exit code', (_, error, code) => {
  const write = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(reportFailure(error)).toBe(code);
  const said = String(write.mock.calls[0]?.[0]);
  // Only a bug shows where it happened.
  expect(said.includes('    at ')).toBe(error instanceof TypeError);
});

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('on a terminal: %s, with %j: colours are %s', (isTTY, environment, expected) => {
  expect(wantsColour({ isTTY }, environment)).toBe(expected);
});
