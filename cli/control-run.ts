/** Asks something of a run under way: as an update, which is answered, or as a signal, which is only left for it. */
import { randomUUID } from 'node:crypto';
import {
  WorkflowUpdateFailedError,
  WorkflowUpdateStage,
  type Client,
  type WorkflowUpdateHandle,
} from '@temporalio/client';
import type { controls } from '../contracts/control.ts';
import { LesionFlowError } from '../contracts/errors.ts';
import { openTemporal } from './connections.ts';
import { printResult, type JsonFlag } from './output.ts';
import { isConnectionLoss, requireRunning } from './watch-run.ts';

export interface ControlRequest {
  readonly runId: string;
  readonly control: keyof typeof controls;
  /** As in contracts/control.ts. */
  readonly input?: object;
}

/** The run cannot do it now, and says why. Nothing has changed. */
export class ControlRefusedError extends LesionFlowError {
  constructor({ runId, control }: ControlRequest, cause: WorkflowUpdateFailedError) {
    super(cause.cause?.message ?? cause.message, {
      code: 'control-refused',
      retryable: false,
      values: { runId, control },
      cause,
    });
  }
}

export class NoAnswerError extends LesionFlowError {
  constructor({ runId, control }: ControlRequest, cause: unknown) {
    super(
      `No data worker has taken up the request for ${runId} within ${ACCEPTANCE_MS / 1000} s. ` +
        'Start one ("lesionflow dev", or workers/data-worker.ts) and try again, or leave the request for when ' +
        `one is back, with --no-wait.`,
      { code: 'no-answer', retryable: true, values: { runId, control }, cause },
    );
  }
}

export interface ControlFlags extends JsonFlag {
  readonly wait: boolean;
}

/** How long a worker may take to look at the request; the answer itself may take longer. */
const ACCEPTANCE_MS = 15_000;

/** Prints what the run answers. Throws `UsageError`, `ControlRefusedError`, `NoAnswerError`. */
export async function controlRun(request: ControlRequest, flags: ControlFlags): Promise<void> {
  const { runId, control, input } = request;
  await using temporal = await openTemporal(process.env);
  const { client } = temporal;
  await requireRunning(client, runId);
  if (!flags.wait) await client.workflow.getHandle(runId).signal<[unknown]>(control, input);
  const answer = flags.wait ? await answerOf(client, request) : null;
  printResult(flags, { runId, control, answer }, () => [
    answer ?? `Left for ${runId}. "lesionflow runs show ${runId}" shows what comes of it.`,
  ]);
}

async function answerOf(client: Client, request: ControlRequest): Promise<string> {
  const handle = await accepted(client, request);
  try {
    return await handle.result();
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new ControlRefusedError(request, error);
  }
}

async function accepted(
  client: Client,
  request: ControlRequest,
): Promise<WorkflowUpdateHandle<string>> {
  const { runId, control, input } = request;
  // Tried again after a lost answer, it is the same request.
  const options = { args: [input] as [unknown], updateId: randomUUID() };
  try {
    return await client.connection.withDeadline(Date.now() + ACCEPTANCE_MS, () =>
      client.workflow.getHandle(runId).startUpdate<string, [unknown]>(control, {
        ...options,
        waitForStage: WorkflowUpdateStage.ACCEPTED,
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) throw new ControlRefusedError(request, error);
    if (isConnectionLoss(error)) throw new NoAnswerError(request, error);
    throw error;
  }
}
