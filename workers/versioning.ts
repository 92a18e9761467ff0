/**
 * Which build of the workflows' code a worker is, after Temporal's worker deployments. A run stays with the
 * build that it began on (pinned): its decisions are replayed by the very code that took them, so workflow
 * code may change between builds as it likes. docs/operations.md, "Deploying a new version", has the steps.
 *
 * Only workers of workflows have a version. Activities of a pinned run go to workers of its own build when that
 * build polls their queue, and to any worker otherwise: a GPU worker with a version would be kept, idle, for
 * each build that still has runs. Without one it serves them all, and contracts/activities.ts must stay
 * readable for runs that older builds began.
 */
import type { WorkerOptions } from '@temporalio/worker';

export const DEPLOYMENT = 'lesionflow';

/** `LESIONFLOW_BUILD_ID`, e.g. the image's tag; unversioned without it, as under `lesionflow dev`. */
export function workflowVersion(
  environment: Readonly<Record<string, string | undefined>>,
): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  const buildId = environment['LESIONFLOW_BUILD_ID'] ?? '';
  if (buildId === '') return {};
  return {
    workerDeploymentOptions: {
      version: { deploymentName: DEPLOYMENT, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  };
}
