/**
 * Runs that are in flight when a worker is updated go on under the new code: it must take the same decisions
 * for the histories that older code wrote. When this fails, put the change behind `patched()`.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowBundle } from '../../workers/workflow-bundle.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const read = (name: string): string =>
  readFileSync(new URL(`./histories/${name}.json`, import.meta.url), 'utf8');

async function replay(history: string, workflowId: string): Promise<void> {
  const bundle = await workflowBundle();
  await Worker.runReplayHistory({ workflowBundle: bundle }, JSON.parse(history), workflowId);
}

describe('recorded histories', () => {
  it.each([
    'completed-run',
    'completed-run-heads',
    'failed-run',
    'stopped-early-run',
    'stopped-early-run-heads',
  ])('%s is replayed', async (name) => {
    await replay(read(name), name);
  });

  it('are told apart from what the workflow would do', async () => {
    const other = read('completed-run').replaceAll('"splitDataset"', '"prepareRecords"');
    await expect(replay(other, 'completed-run')).rejects.toThrow(DeterminismViolationError);
  });
});
