/**
 * Runs that are in flight when a worker is updated go on under the new code: it must take the same decisions
 * for the histories that older code wrote. When this fails, put the change behind `patched()`.
 */
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HISTORIES = join(ROOT, 'test/workflows/histories');
const recorded = readdirSync(HISTORIES).map((file) => file.replace('.json', ''));

async function replay(name: string, bundle: WorkflowBundle): Promise<void> {
  const history: unknown = JSON.parse(readFileSync(join(HISTORIES, `${name}.json`), 'utf8'));
  await Worker.runReplayHistory({ workflowBundle: bundle }, history, name);
}

describe('recorded histories', () => {
  it.each(recorded)('%s is replayed', async (name) => {
    await replay(name, await workflowBundle());
  });
});

/** The workflows' code as it would be with `before` replaced by `after` in one of its files. */
async function changedBundle(file: string, before: string, after: string): Promise<WorkflowBundle> {
  const folder = await temporaryFolder();
  try {
    const workflows = join(folder.path, 'workflows');
    cpSync(join(ROOT, 'workflows'), workflows, { recursive: true });
    for (const name of readdirSync(ROOT)) {
      if (name !== 'workflows') symlinkSync(join(ROOT, name), join(folder.path, name));
    }
    const source = readFileSync(join(workflows, file), 'utf8');
    expect(source).toContain(before);
    writeFileSync(join(workflows, file), source.replace(before, after));
    const logger = new DefaultLogger('WARN');
    return await bundleWorkflowCode({ workflowsPath: join(workflows, 'index.ts'), logger });
  } finally {
    await folder.remove();
  }
}

describe('a change that is not deterministic', () => {
  it('is found: old checkpoints deleted before the epoch is reported, rather than after', async () => {
    const [report, prune] = [
      'await stageReports.finished(epoch);',
      'pruner.prune(oldCheckpoints(kept, input));',
    ];
    const before = `${report}\n      ${prune}`;
    const after = `${prune}\n      await pruner.settled();\n      ${report}`;
    const changed = await changedBundle('train-stage.ts', before, after);
    await expect(replay('completed-run-heads', changed)).rejects.toThrow(DeterminismViolationError);
    // Not because of where the copy lies: what the change does not touch is replayed.
    await replay('completed-run', changed);
  });
});
