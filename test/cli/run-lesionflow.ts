/** Runs the real command as a process of its own. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../cli/bin.mjs', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves when stdout holds `text`; rejects when the command ends before. */
  until(text: string): Promise<void>;
  readonly finished: Promise<Finished>;
}

type Environment = Readonly<Record<string, string>>;

/** Starts `lesionflow …args`; settings of the machine that runs the tests are left out. */
export function startLesionflow(args: readonly string[], environment: Environment = {}): Running {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(TEMPORAL_|LESIONFLOW_|AWS_)/.test(name),
  );
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { ...Object.fromEntries(own), NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  const until = async (text: string) => {
    const seen = new Promise<'seen'>((resolve) => {
      const look = () => {
        if (stdout.includes(text)) resolve('seen');
      };
      child.stdout.on('data', look);
      look();
    });
    if ((await Promise.race([seen, finished])) === 'seen') return;
    throw new Error(`The command ended without saying "${text}":\n${stdout}\n${stderr}`);
  };
  return { child, until, finished };
}

export const runLesionflow = (args: readonly string[], environment?: Environment) =>
  startLesionflow(args, environment).finished;
