/** How the command line fails: one clear paragraph on stderr, and an exit code that scripts can use. */
import { CommanderError } from 'commander';
import { LesionFlowError } from '../contracts/errors.ts';

export const exitCodes = { ok: 0, failed: 1, badUsage: 2, refused: 3, interrupted: 130 } as const;

/** For `--help` and docs/cli.md. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done',
  failed:
    'failed: the run did not complete, a server cannot be reached, what was checked is damaged or missing',
  badUsage:
    'wrong usage: an option, a file, a run, a model or a version that is not there; nothing was started',
  refused: 'refused, with the reason: what was asked is not possible now, and nothing has changed',
  interrupted: 'interrupted by Ctrl-C or a signal; a run that was followed goes on',
};

/** Something in the command line, or in a file that it names, is wrong: nothing was started. */
export class UsageError extends LesionFlowError {
  constructor(message: string, values: Readonly<Record<string, unknown>> = {}) {
    super(message, { code: 'bad-usage', retryable: false, values });
  }
}

/** A run that was followed to its end and did not complete. */
export class RunFailedError extends LesionFlowError {
  constructor(message: string, values: Readonly<Record<string, unknown>>) {
    super(message, { code: 'run-failed', retryable: false, values });
  }
}

/** By the codes of errors; all others are failures. */
const CODES: ReadonlyMap<string, number> = new Map([
  ['bad-usage', exitCodes.badUsage],
  ['unknown-version', exitCodes.badUsage],
  ['control-refused', exitCodes.refused],
  ['alias-moved', exitCodes.refused],
  ['run-left-out', exitCodes.refused],
]);

/** Says `error` on stderr and gives the exit code. An unforeseen error shows its stack: it is a bug. */
export function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.badUsage;
  }
  const foreseen = error instanceof Error && 'code' in error && 'retryable' in error;
  const text = foreseen ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${text ?? 'Unknown error'}\n`);
  return error instanceof LesionFlowError
    ? (CODES.get(error.code) ?? exitCodes.failed)
    : exitCodes.failed;
}
