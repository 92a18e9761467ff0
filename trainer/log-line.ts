/**
 * What a line that the trainer's process wrote says: one of its own log (log.ts), one of TensorFlow's, or whatever else
 * node or a library prints.
 */
import { z } from 'zod';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** Of our own lines: what they say beside the message. */
  readonly fields: Readonly<Record<string, unknown>>;
}

const ownLineSchema = z.looseObject({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
  msg: z.string(),
});

/** absl's (`I0000 00:00:1795691630.578229   22536 port.cc:153] …`) and TensorFlow's older (`2026-11-26 11:13:50.578: I …`). */
const NATIVE = /^(?:\d{4}-\d\d-\d\d [\d:.]+: )?([IWEF])(?:\d{4} [\d:.]+ +\d+)? (\S+:\d+\] .*)$/;

/** How to build TensorFlow, and that absl is not set up yet: nothing that an operator could act on. */
const NATIVE_LEVELS = { I: 'debug', W: 'warn', E: 'error', F: 'error' } as const;
const NATIVE_ADVICE =
  /^(WARNING: All log messages before absl::InitializeLog\(\)|To enable the following instructions: )/;

/** `undefined` for an empty line. */
export function readLogLine(text: string, stream: 'stdout' | 'stderr'): LogLine | undefined {
  if (text.trim() === '') return undefined;
  const own = text.startsWith('{') ? ownLine(text) : undefined;
  if (own !== undefined) return own;
  const [, letter, native = ''] = NATIVE.exec(text) ?? [];
  if (letter !== undefined) {
    const level = NATIVE_LEVELS[letter as keyof typeof NATIVE_LEVELS];
    return { level, message: native, fields: { from: 'tensorflow' } };
  }
  if (NATIVE_ADVICE.test(text)) return { level: 'debug', message: text, fields: {} };
  // What nobody expects on stderr is a stack trace, or a library that warns.
  return { level: stream === 'stderr' ? 'warn' : 'info', message: text, fields: {} };
}

function ownLine(text: string): LogLine | undefined {
  try {
    const { level, msg: message, ...fields } = ownLineSchema.parse(JSON.parse(text));
    if (level === 'trace') return { level: 'debug', message, fields };
    return { level: level === 'fatal' ? 'error' : level, message, fields };
  } catch {
    return undefined;
  }
}
