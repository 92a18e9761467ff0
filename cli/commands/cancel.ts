/** `lesionflow cancel RUN`: ends a run for good; an epoch under way is saved first. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { openTemporal } from '../connections.ts';
import type { ControlFlags } from '../control-run.ts';
import { SOME_RUN, withExamples } from '../examples.ts';
import { exitCodes } from '../failures.ts';
import { onInterrupt } from '../interrupt.ts';
import { printResult } from '../output.ts';
import { addControlArguments } from '../run-argument.ts';
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
  addControlArguments(command).action(async (runId: string, flags: ControlFlags) =>
    finish(await cancel(runId, flags)),
  );
  withExamples(command, [`cancel ${SOME_RUN}`]);
}

async function cancel(runId: string, flags: ControlFlags): Promise<number> {
  await using temporal = await openTemporal(process.env);
  const { client } = temporal;
  await requireRunning(client, runId);
  await client.workflow.getHandle(runId).cancel();
  using interrupt = onInterrupt();
  const { signal } = interrupt;
  const until = Date.now() + (flags.wait ? WAITED_MS : 0);
  while (Date.now() < until && !signal.aborted) {
    const { state, status } = await snapshotOf(client, runId);
    if (state !== 'RUNNING') {
      const lastCheckpoint = status?.lastCheckpoint ?? null;
      const word = state.toLowerCase();
      printResult(flags, { runId, state: word, lastCheckpoint }, () => [
        `The run ${runId} is ${word}. ${checkpointWords(lastCheckpoint)}`,
      ]);
      return exitCodes.ok;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  printResult(flags, { runId, state: 'running', lastCheckpoint: null }, () => [
    `The run ${runId} has been told to stop, and does so once its workers hear of it. ` +
      `"lesionflow runs show ${runId}" shows when.`,
  ]);
  return signal.aborted ? exitCodes.interrupted : exitCodes.ok;
}
