/**
 * A run's input is checked inside the workflow too: the Temporal UI, schedules and other SDKs send raw JSON.
 * `jitless`: the workflow sandbox forbids generated code, and zod's interpreter gives the same answers.
 */
import { ApplicationFailure } from '@temporalio/workflow';
import { describeIssues } from '../wording/describe-issues.ts';
import { pipelineInputSchema, type PipelineInput } from '../contracts/pipeline-input.ts';
import { runIdProblem } from '../contracts/run-id.ts';

/** The input with its defaults. Throws a final `ApplicationFailure` "InvalidInput" that names each field. */
export function validateInput(runId: string, request: unknown): PipelineInput {
  const result = pipelineInputSchema.safeParse(request, { jitless: true });
  const idProblem = runIdProblem(runId);
  if (result.success && idProblem === undefined) return result.data;
  const problems = [
    ...(result.success
      ? []
      : describeIssues(result.error, { schema: pipelineInputSchema, input: request })),
    ...(idProblem === undefined ? [] : [idProblem]),
  ];
  throw ApplicationFailure.create({
    type: 'InvalidInput',
    message: `The run's input is not valid.\n${problems.map((problem) => `- ${problem}`).join('\n')}\nCorrect it and start a new run.`,
    nonRetryable: true,
    details: [problems],
  });
}
