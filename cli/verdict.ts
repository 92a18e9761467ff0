/** What `approve` and `reject` share: who decides about a version that waits for it, and why. */
import type { Command } from 'commander';
import { controlRun, type ControlFlags } from './control-run.ts';
import { addControlArguments } from './run-argument.ts';
import { thisUser } from './words.ts';

interface VerdictFlags extends ControlFlags {
  readonly by?: string;
  readonly reason?: string;
}

export function addVerdictOptions(command: Command, control: 'approve' | 'reject'): void {
  command
    .option('--reason <text>', 'why; kept with the alias')
    .option('--by <name>', 'who decides (default: your name on this machine)');
  addControlArguments(command).action(
    (runId: string, { by = thisUser(), reason = '', ...flags }: VerdictFlags) =>
      controlRun({ runId, control, input: { by, reason } }, flags),
  );
}
