/** What Temporal gets to see of an activity: beats, failures, cancellation. In the SDK's own activity context. */
import { describe, expect, it } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { runActivity, type ActivityHooks } from '../../activities/run-activity.ts';
import { LesionFlowError } from '../../contracts/errors.ts';

const failureOf = async (work: (hooks: ActivityHooks) => Promise<unknown>): Promise<unknown> =>
  new MockActivityEnvironment().run(() =>
    runActivity(work).then(
      () => undefined,
      (error: unknown) => error,
    ),
  );

const broken = (retryable: boolean, values: Record<string, unknown> = {}) =>
  new LesionFlowError('entry a.jpg has a wrong CRC', { code: 'damaged-entry', retryable, values });

describe('runActivity', () => {
  it('returns what the work returns, and beats with its progress', async () => {
    const environment = new MockActivityEnvironment();
    const beats: unknown[] = [];
    environment.on('heartbeat', (details) => beats.push(details));
    const progress = { done: 1, total: 2, unit: 'steps' };
    const result = await environment.run(() =>
      runActivity(({ onProgress }) => {
        onProgress(progress);
        return Promise.resolve('done');
      }),
    );
    expect(result).toBe('done');
    expect(beats).toEqual([progress]);
  });

  it.each([true, false])(
    'keeps code, message and values of our errors (retryable: %s)',
    async (retryable) => {
      const failure = await failureOf(() =>
        Promise.reject(broken(retryable, { crc: 7, entry: 'a.jpg' })),
      );
      expect(failure).toBeInstanceOf(ApplicationFailure);
      expect(failure).toMatchObject({
        message: 'entry a.jpg has a wrong CRC',
        type: 'damaged-entry',
        nonRetryable: !retryable,
        details: [{ crc: 7, entry: 'a.jpg' }],
      });
    },
  );

  it('keeps values that JSON has no word for', async () => {
    const values = { loss: Number.NaN, rate: Number.POSITIVE_INFINITY, bytes: 5n };
    expect(await failureOf(() => Promise.reject(broken(false, values)))).toMatchObject({
      details: [{ loss: 'NaN', rate: 'Infinity', bytes: '5' }],
    });
  });

  it('does not put megabytes into the history', async () => {
    const failure = await failureOf(() =>
      Promise.reject(broken(false, { output: 'x'.repeat(1e6) })),
    );
    expect(JSON.stringify((failure as ApplicationFailure).details).length).toBeLessThan(100);
  });

  it('leaves unknown errors retryable, as the SDK does', async () => {
    const error = new TypeError('fetch failed');
    expect(await failureOf(() => Promise.reject(error))).toBe(error);
  });

  it('reports a cancelled activity as cancelled, whatever the interrupted work threw', async () => {
    const environment = new MockActivityEnvironment();
    const running = environment.run(() =>
      runActivity(
        ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(broken(false)));
          }),
      ).catch((error: unknown) => error),
    );
    environment.cancel('CANCELLED');
    expect(await running).toBeInstanceOf(CancelledFailure);
  });
});
