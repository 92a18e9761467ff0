/** The workflow code as one script, made once a process: from source under tsx and jest, from JavaScript in `dist`. */
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';

const ENTRY = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../workflows/index.ts' : '../workflows/index.js',
    import.meta.url,
  ),
);

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

/** Takes 2 to 4 seconds the first time. */
export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  // Webpack's own account of the bundle is of no use to an operator.
  bundle ??= bundleWorkflowCode({ workflowsPath: ENTRY, logger: new DefaultLogger('WARN') });
  return bundle;
}
