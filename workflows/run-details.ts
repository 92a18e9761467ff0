/** A run's status as the short markdown that the Temporal UI shows on the run's page (limit 20 KB). */
import type { RunStatus, StageStop } from '../contracts/progress.ts';
import type { CheckpointRef } from '../contracts/references.ts';

const MARKS = { waiting: '·', running: '▶', done: '✓', failed: '✗', skipped: '↷' } as const;
const EPOCHS_SHOWN = 20;
const NOTES_SHOWN = 10;

export function runDetails(status: RunStatus): string {
  const { state, steps, epochs, history, stoppedEarly, scores, lastCheckpoint } = status;
  const lines = [`**${state}**`, '', '| | step | |', '|---|---|---|'];
  for (const { step, state: at, summary } of steps) {
    lines.push(`| ${MARKS[at]} | ${step} | ${summary.replaceAll(/[|\n]/g, ' ').slice(0, 300)} |`);
  }
  const startedFrom = history[0]?.startedFrom;
  if (startedFrom !== undefined) lines.push('', startedFrom.slice(0, 2000));
  if (history.length > 0) {
    lines.push('', `Epoch ${epochs.done} of ${epochs.total}`, '');
    lines.push('| epoch | stage | loss | validation loss | seconds |', '|---|---|---|---|---|');
    for (const { epoch, stage, training, validation, seconds } of history.slice(-EPOCHS_SHOWN)) {
      lines.push(
        `| ${epoch} | ${stage} | ${training.total.toFixed(4)} | ${validation?.total.toFixed(4) ?? '–'} | ${seconds.toFixed(0)} |`,
      );
    }
  }
  if (lastCheckpoint !== null) lines.push('', checkpointWords(lastCheckpoint));
  if (stoppedEarly.length > 0) lines.push('', ...stoppedEarly.map(stopWords));
  if (scores !== null) {
    lines.push(
      '',
      `Jaccard ${scores.jaccard.toFixed(3)}, threshold Jaccard ${scores.thresholdJaccard.toFixed(3)}`,
    );
  }
  const notes = notesOf(status).slice(-NOTES_SHOWN);
  if (notes.length > 0) lines.push('', ...notes.map((note) => `- ${note.slice(0, 500)}`));
  return lines.join('\n');
}

/** The run's own, and what its epochs had to mend. */
function notesOf({ history, notes }: RunStatus): string[] {
  const warnings = history.flatMap(({ epoch, warnings: texts = [] }) =>
    texts.map((text) => `Epoch ${epoch}: ${text}`),
  );
  return [...warnings, ...notes];
}

/** Where training would go on from. */
export function checkpointWords(checkpoint: CheckpointRef | null): string {
  if (checkpoint === null) return 'There is no checkpoint yet.';
  const { epoch, stepInEpoch, manifestKey } = checkpoint;
  return `Last checkpoint: epoch ${epoch} after ${stepInEpoch} of its steps (${manifestKey}).`;
}

/** Why a stage has fewer epochs than planned. */
export function stopWords({ stage, epochs, planned, bestEpoch, reason }: StageStop): string {
  return reason === 'no-better'
    ? `Stage ${stage} stopped after ${epochs} of ${planned} epochs and goes on from its best, epoch ${bestEpoch}.`
    : `Stage ${stage} was stopped after ${epochs} of ${planned} epochs, as asked; the run goes on from epoch ${bestEpoch}.`;
}
