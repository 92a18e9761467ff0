/** Lines as node, pino and TensorFlow really write them. */
import { describe, expect, it } from '@jest/globals';
import { readLogLine } from '../../trainer/log-line.ts';

describe('a line of the trainer', () => {
  it('of its own log keeps its level, its message and its fields apart', () => {
    const line =
      '{"level":"warn","run":"r","stepInEpoch":8,"msg":"A checkpoint could not be saved"}';
    expect(readLogLine(line, 'stdout')).toEqual({
      level: 'warn',
      message: 'A checkpoint could not be saved',
      fields: { run: 'r', stepInEpoch: 8 },
    });
  });

  it.each([
    [
      'I0000 00:00:1795691630.578229   22536 port.cc:153] oneDNN custom operations are on.',
      'debug',
      'port.cc:153] oneDNN custom operations are on.',
    ],
    [
      '2026-11-26 11:13:50.578301: W external/local_xla/xla/tsl/framework/cpu_allocator_impl.cc:83] Allocation of 9 exceeds 10%.',
      'warn',
      'external/local_xla/xla/tsl/framework/cpu_allocator_impl.cc:83] Allocation of 9 exceeds 10%.',
    ],
    [
      'F0000 00:00:1795691630.578229   22536 tensor.cc:848] Check failed: dtype() == expected',
      'error',
      'tensor.cc:848] Check failed: dtype() == expected',
    ],
  ])("of TensorFlow's native code: %s", (line, level, message) => {
    expect(readLogLine(line, 'stderr')).toEqual({ level, message, fields: { from: 'tensorflow' } });
  });

  it('of anybody else is a warning on stderr, and a word on stdout', () => {
    expect(readLogLine('    at main (x.ts:1:1)', 'stderr')?.level).toBe('warn');
    expect(readLogLine('{"not":"ours"}', 'stdout')).toEqual({
      level: 'info',
      message: '{"not":"ours"}',
      fields: {},
    });
    expect(readLogLine('  ', 'stdout')).toBeUndefined();
  });
});
