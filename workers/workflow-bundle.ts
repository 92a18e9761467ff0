/** The workflow code as one script, made once a process: from source under tsx and jest, from JavaScript in `dist`. */
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  type Logger,
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
export function workflowBundle(logger?: Logger): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: ENTRY,
    ...(logger === undefined ? {} : { logger }),
  });
  return bundle;
}
