/** `lesionflow cancel RUN`: ends a run for good; an epoch under way is saved first. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { openTemporal } from '../connections.ts';
import type { WaitFlag } from '../control-run.ts';
import { exitCodes } from '../failures.ts';
import { onInterrupt } from '../interrupt.ts';
import { addRunArgument } from '../run-argument.ts';
import { requireRunning, snapshotOf } from '../watch-run.ts';
import { checkpointWords } from '../../workflows/run-details.ts';

/** An epoch is saved within seconds; a worker that is away is noticed by its heartbeat timeout. */
const WAITED_MS = 90_000;
const POLL_MS = 500;

export function addCancelCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('cancel')
    .description(
      'end a run for good; an epoch under way is saved first, data and checkpoints stay',
    );
  addRunArgument(command, 'cancel RUN').action(async (runId: string, flags: WaitFlag) =>
    finish(await cancel(runId, flags)),
  );
}

async function cancel(runId: string, { wait }: WaitFlag): Promise<number> {
  await using temporal = await openTemporal(process.env);
  const { client } = temporal;
  await requireRunning(client, runId);
  await client.workflow.getHandle(runId).cancel();
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  const until = Date.now() + (wait ? WAITED_MS : 0);
  while (Date.now() < until && !signal.aborted) {
    const { state, status } = await snapshotOf(client, runId);
    if (state !== 'RUNNING') {
      say(
        `The run ${runId} is ${state.toLowerCase()}. ${checkpointWords(status?.lastCheckpoint ?? null)}`,
      );
      return exitCodes.ok;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  say(
    `The run ${runId} has been told to stop, and does so once its workers hear of it. ` +
      `"lesionflow status ${runId}" shows when.`,
  );
  return signal.aborted ? exitCodes.interrupted : exitCodes.ok;
}
