/** A contestant's side of the protocol, for those that are written in TypeScript. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { requestSchema, type Prepare, type Ran, type Reply } from '../protocol.ts';

/** One case, ready to be done as often as asked. */
export interface Work {
  /** What does it, with its version. */
  readonly library: string;
  run(): Promise<Omit<Ran, 'kind'>>;
  /** RoIs of a step that lie on a lesion, all images together; looked for when all is measured. */
  countPositives?(): number;
}

/** The case is none that this contestant can do. */
export class RefusedError extends Error {}

/** Answers requests until the driver ends it, or is gone. */
export async function serve(prepare: (request: Prepare) => Promise<Work>): Promise<void> {
  let work: Work | undefined;
  const answer = async (line: string): Promise<Reply> => {
    const request = requestSchema.parse(JSON.parse(line));
    switch (request.do) {
      case 'prepare':
        work = await prepare(request);
        return { kind: 'ready', library: work.library };
      case 'run':
        if (work === undefined) return { kind: 'failed', reason: 'asked to run before prepare' };
        return { kind: 'ran', ...(await work.run()) };
      case 'end':
        return ended(peakResidentBytes(), work);
    }
  };
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(line).catch(asReply);
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
  process.exit();
}

function ended(peak: number, work: Work | undefined): Reply {
  const positives = work?.countPositives?.();
  const reply = { kind: 'ended', peakResidentBytes: peak } as const;
  return positives === undefined ? reply : { ...reply, positives };
}

function asReply(error: unknown): Reply {
  if (error instanceof RefusedError) return { kind: 'refused', reason: error.message };
  const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
  return { kind: 'failed', reason };
}

/** The most memory that this process ever held at once. */
function peakResidentBytes(): number {
  const [, kilobytes] =
    /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  if (kilobytes === undefined) throw new Error('/proc/self/status has no VmHWM');
  return 1024 * Number(kilobytes);
}
