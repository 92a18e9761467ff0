/** A run's status as the short markdown that the Temporal UI shows on the run's page (limit 20 KB). */
import type { RunStatus, StageStop } from '../contracts/progress.ts';

const MARKS = { waiting: '·', running: '▶', done: '✓', failed: '✗', skipped: '↷' } as const;
const EPOCHS_SHOWN = 20;

export function runDetails(status: RunStatus): string {
  const { state, steps, epochs, history, stoppedEarly, scores } = status;
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
  if (stoppedEarly.length > 0) lines.push('', ...stoppedEarly.map(stopWords));
  if (scores !== null) {
    lines.push(
      '',
      `Jaccard ${scores.jaccard.toFixed(3)}, threshold Jaccard ${scores.thresholdJaccard.toFixed(3)}`,
    );
  }
  return lines.join('\n');
}

/** Why a stage has fewer epochs than planned. */
export function stopWords({ stage, epochs, planned, bestEpoch }: StageStop): string {
  return `Stage ${stage} stopped after ${epochs} of ${planned} epochs and goes on from its best, epoch ${bestEpoch}.`;
}
