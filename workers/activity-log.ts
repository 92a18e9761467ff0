/**
 * A line of the log at each activity's beginning and end, and the run that each of its lines is about: stages are
 * workflows of their own, so the workflow's id alone does not name it.
 */
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { z } from 'zod';

/** What activities' inputs have in common, where they have it (contracts/activities.ts). */
const inputFacts = z.object({
  runId: z.string().optional(),
  epoch: z.number().optional(),
  stage: z.object({ name: z.string() }).optional(),
});

/** What is worth a word of what comes out. */
const outputFacts = z.object({
  kind: z.string().optional(),
  result: z
    .object({
      training: z.object({ total: z.number() }),
      validation: z.object({ total: z.number() }).nullable(),
    })
    .optional(),
  scores: z.object({ jaccard: z.number(), thresholdJaccard: z.number() }).optional(),
  version: z.object({ model: z.string(), version: z.number() }).optional(),
});

export const activityLog: ActivityInterceptorsFactory = ({ info, log }) => {
  let facts: Record<string, unknown> = {};
  return {
    inbound: {
      execute: async (input, next) => {
        const { runId, epoch, stage } = inputFacts.safeParse(input.args[0]).data ?? {};
        facts = { run: runId ?? info.workflowExecution?.workflowId, epoch, stage: stage?.name };
        const began = performance.now();
        log.info(`${info.activityType} begins`);
        const output = await next(input);
        const seconds = (performance.now() - began) / 1000;
        log.info(`${info.activityType} ends`, { seconds, ...outcomeOf(output) });
        return output;
      },
    },
    outbound: {
      getLogAttributes: (attributes, next) => next({ ...attributes, ...facts }),
      // The names of Temporal's own metrics, and no more of them than one asks for.
      getMetricTags: (_, next) => next({ activity_type: info.activityType }),
    },
  };
};

function outcomeOf(output: unknown): Record<string, unknown> {
  const { kind, result, scores, version } = outputFacts.safeParse(output).data ?? {};
  return {
    outcome: kind,
    loss: result?.training.total,
    validationLoss: result?.validation?.total,
    ...scores,
    ...version,
  };
}
