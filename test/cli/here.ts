/** Runs a command line in this very process: what a process of its own would say, in a fraction of its time. */
import { jest } from '@jest/globals';
import { runCli } from '../../cli/main.ts';
import type { Finished } from './run-lesionflow.ts';

type Environment = Readonly<Record<string, string>>;

/** One at a time: it takes the process's output and environment. Settings of the machine are left out. */
export async function lesionflowHere(
  args: readonly string[],
  environment: Environment = {},
): Promise<Finished> {
  const before = { ...process.env };
  for (const name of Object.keys(before)) {
    if (/^(TEMPORAL_|LESIONFLOW_|AWS_)/.test(name)) Reflect.deleteProperty(process.env, name);
  }
  Object.assign(process.env, { NO_COLOR: '1', ...environment });
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
  );
  try {
    const code = await runCli(['node', 'lesionflow', ...args]);
    return { code, ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
    for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  }
}
