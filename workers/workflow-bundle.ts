/** The workflow code as one script, made once a process: from source under tsx and jest, from JavaScript in `dist`. */
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';

const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const workflowFile = (name: string): string =>
  fileURLToPath(new URL(`../workflows/${name}${EXTENSION}`, import.meta.url));

const bundles = new Map<string, Promise<WorkflowBundleWithSourceMap>>();

/** Takes 2 to 4 seconds the first time. `interceptors`: modules beside ours, e.g. those of tracing. */
export function workflowBundle(
  interceptors: readonly string[] = [],
): Promise<WorkflowBundleWithSourceMap> {
  const key = interceptors.join('\n');
  const bundle =
    bundles.get(key) ??
    bundleWorkflowCode({
      workflowsPath: workflowFile('index'),
      workflowInterceptorModules: [...interceptors, workflowFile('log-attributes')],
      // Webpack's own account of the bundle is of no use to an operator.
      logger: new DefaultLogger('WARN'),
    });
  bundles.set(key, bundle);
  return bundle;
}
