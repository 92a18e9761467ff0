/** Two attempts with one name could overwrite each other's checkpoint. */
import { expect, it } from '@jest/globals';
import { attemptName } from '../../activities/attempt-name.ts';

const info = {
  workflowExecution: { workflowId: 'run', runId: '019a20e9-b6fc-782f-9b24-e6272cf88f0d' },
  activityId: '5',
  attempt: 1,
  currentAttemptScheduledTimestampMs: 1_795_000_000_000,
};

it('differs between attempts, activities, runs, and across a reset that counts from 1 again', () => {
  const others = [
    { ...info, attempt: 2 },
    { ...info, activityId: '6' },
    { ...info, currentAttemptScheduledTimestampMs: 1_795_000_000_001 },
    // Run ids begin with a clock: two runs of one minute share their first digits.
    {
      ...info,
      workflowExecution: { workflowId: 'run', runId: '019a20e9-b6fc-782f-9b24-e6272cf88f0e' },
    },
  ];
  expect(new Set([info, ...others].map(attemptName)).size).toBe(5);
});

it('is safe in an object key', () => {
  expect(attemptName(info)).toMatch(/^[a-z0-9][a-z0-9-]*$/);
});
