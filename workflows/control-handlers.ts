/**
 * The door to a run under way: each control is an update, which is refused with a sentence that says why or
 * answers with what the run does now, and a signal of the same effect, which leaves a note when it is ignored.
 */
import {
  ApplicationFailure,
  condition,
  defineSignal,
  defineUpdate,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { z } from 'zod';
import {
  controls,
  extendRequestSchema,
  noRequestSchema,
  stopEarlyRequestSchema,
  verdictRequestSchema,
  type ExtendRequest,
  type StopEarlyRequest,
} from '../contracts/control.ts';
import { describeIssues } from '../wording/describe-issues.ts';
import type { Approval } from './approval.ts';
import {
  extensionRefusal,
  pauseRefusal,
  resumeRefusal,
  stopRefusal,
  verdictRefusal,
} from './control-refusals.ts';
import type { RunControl } from './run-control.ts';
import { checkpointWords } from './run-details.ts';
import type { RunProgress } from './run-progress.ts';

interface Control<Request> {
  readonly description: string;
  readonly schema: z.ZodType<Request>;
  /** Why it cannot be, in a sentence. */
  readonly refusal: (request: Request) => string | undefined;
  readonly carryOut: (request: Request) => void;
  /** What the run does now. */
  readonly answer: (request: Request) => string | Promise<string>;
}

export interface Controlled {
  readonly control: RunControl;
  readonly approval: Approval;
  readonly progress: RunProgress;
}

/** How long a pause waits for the epoch to be saved before it answers: a large model takes some seconds. */
const SAVING_MS = 60_000;
/** How long a verdict waits for the alias. */
const PROMOTING_MS = 30_000;

/** The run's updates and signals, from now to its end. */
export function acceptControls({ control, approval, progress }: Controlled): void {
  accept(progress, controls.pause, {
    description:
      'Holds the run: an epoch under way is saved within and stops, any other step comes to its end first. No input.',
    schema: noRequestSchema,
    refusal: () => pauseRefusal(control, progress),
    carryOut: () => control.pause(),
    answer: () => pauseAnswer(control, progress),
  });
  accept(progress, controls.resume, {
    description: 'Lets a paused run go on, from the very step at which it was saved. No input.',
    schema: noRequestSchema,
    refusal: () => resumeRefusal(control),
    carryOut: () => control.resume(),
    answer: () => `The run goes on. ${checkpointWords(progress.status().lastCheckpoint)}`,
  });
  accept(progress, controls.stopEarly, {
    description:
      'Ends the training after the epoch under way and goes on to the evaluation. Input: {} or {"now": true} to stop at once and go on from the newest finished epoch, {"stage": "heads"} to end only that stage.',
    schema: stopEarlyRequestSchema,
    refusal: (request) => stopRefusal(request, control, progress),
    carryOut: (request) => control.stopEarly(request),
    answer: (request) => stopAnswer(request, control),
  });
  accept(progress, controls.extend, {
    description:
      'Adds epochs to a stage that is not over. Input: {"epochs": 5} for the stage under way, or the last; {"epochs": 5, "stage": "heads"} for another.',
    schema: extendRequestSchema,
    refusal: (request) => extensionRefusal(request, control),
    carryOut: (request) => {
      control.extend(control.stageToExtend(request), request.epochs);
      progress.expectEpochs(progress.status().epochs.total + request.epochs);
    },
    answer: (request) => extensionAnswer(request, control),
  });
  for (const isApproved of [true, false]) {
    accept(progress, isApproved ? controls.approve : controls.reject, {
      description: isApproved
        ? 'Lets the version that waits for approval take its alias, if the gate still agrees. Input: {"by": "your name", "reason": "why"}.'
        : 'Keeps the version that waits for approval from its alias; it stays published. Input: {"by": "your name", "reason": "why"}.',
      schema: verdictRequestSchema,
      refusal: () => verdictRefusal(approval, progress),
      carryOut: (request) => approval.decide(isApproved, request),
      answer: () => verdictAnswer(isApproved, progress),
    });
  }
}

function accept<Request>(
  progress: RunProgress,
  name: string,
  { description, schema, refusal, carryOut, answer }: Control<Request>,
): void {
  const check = (raw: unknown): Request => {
    const request = read(name, schema, raw);
    const reason = refusal(request);
    if (reason !== undefined) throw refused(reason);
    return request;
  };
  const obey = (raw: unknown): Request => {
    const request = check(raw);
    carryOut(request);
    progress.show();
    return request;
  };
  setHandler(defineUpdate<string, [unknown]>(name), async (raw) => answer(obey(raw)), {
    description,
    validator: (raw) => void check(raw),
  });
  setHandler(
    defineSignal<[unknown]>(name),
    (raw) => {
      try {
        obey(raw);
      } catch (error) {
        if (!(error instanceof ApplicationFailure)) throw error;
        progress.note(`The signal "${name}" was ignored. ${error.message}`);
      }
    },
    { description },
  );
}

/** `jitless`: the workflow sandbox forbids generated code. */
function read<Request>(name: string, schema: z.ZodType<Request>, raw: unknown): Request {
  const result = schema.safeParse(raw, { jitless: true });
  if (result.success) return result.data;
  const problems = describeIssues(result.error, { schema, input: raw });
  throw refused(`The input of "${name}" is not valid: ${problems.join('; ')}.`);
}

const refused = (reason: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(reason, 'control-refused');

async function pauseAnswer(control: RunControl, progress: RunProgress): Promise<string> {
  const isSettled = () => progress.isAtRest || progress.isOver || !control.isPaused;
  try {
    // Other steps may take hours to their end.
    if (progress.runningSteps.includes('train')) await condition(isSettled, SAVING_MS);
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  const { state, lastCheckpoint } = progress.status();
  if (progress.isAtRest) return `Paused. ${checkpointWords(lastCheckpoint)}`;
  if (progress.isOver) return `The run has ended as ${state} meanwhile.`;
  if (!control.isPaused) return 'The run was told to go on meanwhile.';
  const steps = progress.runningSteps.join(' and ');
  return steps === 'train'
    ? 'The run pauses as soon as the epoch under way has been saved.'
    : `The run pauses as soon as ${steps} has come to its end.`;
}

async function verdictAnswer(isApproved: boolean, progress: RunProgress): Promise<string> {
  const isSettled = () => progress.status().alias !== null || progress.isOver;
  try {
    await condition(isSettled, PROMOTING_MS);
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  const { alias, version, state } = progress.status();
  if (alias !== null) {
    const { name, moved, reason } = alias;
    const names = moved ? `names ${version?.model ?? ''} ${version?.version ?? ''} now` : 'stays';
    return `${name} ${names}: ${reason}.`;
  }
  if (progress.isOver) return `The run has ended as ${state} meanwhile.`;
  return `${isApproved ? 'Approved' : 'Rejected'}. What that comes to is decided as soon as a data worker is there.`;
}

function stopAnswer({ now, stage }: StopEarlyRequest, { isPaused }: RunControl): string {
  const what = stage === undefined ? 'The training ends' : `The stage ${stage} ends`;
  const when = now ? 'now, with the newest finished epoch' : 'after the epoch under way';
  const next =
    stage === undefined ? 'the evaluation comes next' : 'the next stage goes on from there';
  const still = isPaused ? ' The run is still paused: what follows waits until it is resumed.' : '';
  return `${what} ${when}; ${next}.${still}`;
}

function extensionAnswer(request: ExtendRequest, control: RunControl): string {
  const { name, epochs } = control.stageToExtend(request);
  const still = control.isPaused ? ' The run is still paused.' : '';
  return `The stage ${name} has ${epochs} epochs now, ${request.epochs} more.${still}`;
}
