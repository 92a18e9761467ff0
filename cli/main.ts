/** Runs one command line. */
import { buildProgram } from './program.ts';
import { exitCodes, reportFailure } from './failures.ts';

/** Takes `process.argv` and gives the exit code; says every failure on stderr. */
export async function runCli(argv: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.ok;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    return reportFailure(error);
  }
}
