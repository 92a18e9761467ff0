/**
 * What ended a trainer process: the signal, the kernel's counters and its last words together tell lack of memory,
 * a kill from outside, a native crash, a lost GPU and an exit of its own apart (docs/reliability.md has the table).
 */
import { nativeFailureIn, OUT_OF_MEMORY } from './native-failures.ts';

export interface Death {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines that the process wrote. */
  readonly output: readonly string[];
}

export interface Diagnosis {
  /** Of the error. */
  readonly code: string;
  /** What it was, whether it is tried again, and what to do. */
  readonly explanation: string;
}

/** How a native crash shows. */
const CRASHES: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE']);

const KILLED: Diagnosis = {
  code: 'trainer-killed',
  explanation:
    'Nothing says that memory ran out, so somebody killed it: an operator, or a supervisor of the machine. It is ' +
    'tried again, from the last checkpoint.',
};

const CRASHED: Diagnosis = {
  code: 'trainer-crashed',
  explanation:
    'Native code crashed (TensorFlow, or a driver below it). It is tried again, from the last checkpoint; a crash ' +
    'that always comes back ends the run. Then report it with the last output, or run "lesionflow doctor".',
};

const EXITED: Diagnosis = {
  code: 'trainer-exited',
  explanation:
    'It ended by itself, which it does for an error that nobody caught. It is tried again, from the last ' +
    'checkpoint.',
};

/** `memoryKills`: by how much the kernel's count rose since the process was last heard of. */
export function diagnose({ signal, output }: Death, memoryKills: number): Diagnosis {
  if (signal === 'SIGKILL') return memoryKills > 0 ? OUT_OF_MEMORY : KILLED;
  const told = nativeFailureIn(output.join('\n'));
  if (told !== undefined) return told;
  if (signal === null) return EXITED;
  return CRASHES.has(signal) ? CRASHED : KILLED;
}
