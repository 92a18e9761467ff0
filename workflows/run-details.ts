/** A run's status as the short markdown that the Temporal UI shows on the run's page (limit 20 KB). */
import { controls } from '../contracts/control.ts';
import type { RunStatus, StageStop } from '../contracts/progress.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';

const MARKS = { waiting: '·', running: '▶', done: '✓', failed: '✗', skipped: '↷' } as const;
const EPOCHS_SHOWN = 20;
const NOTES_SHOWN = 10;

export function runDetails(status: RunStatus): string {
  const { state, steps, history, stoppedEarly, scores, lastCheckpoint } = status;
  const lines = [`**${state}**${outlookWords(status)}`, '', ...approvalLines(status)];
  lines.push('| | step | |', '|---|---|---|');
  for (const { step, state: at, summary } of steps) {
    lines.push(`| ${MARKS[at]} | ${step} | ${inCell(summary)} |`);
  }
  const startedFrom = history[0]?.startedFrom;
  if (startedFrom !== undefined) lines.push('', startedFrom.slice(0, 2000));
  lines.push(...epochLines(status));
  if (lastCheckpoint !== null) lines.push('', checkpointWords(lastCheckpoint));
  if (stoppedEarly.length > 0) lines.push('', ...stoppedEarly.map(stopWords));
  if (scores !== null) {
    lines.push(
      '',
      `Jaccard ${scores.jaccard.toFixed(3)}, threshold Jaccard ${scores.thresholdJaccard.toFixed(3)}`,
    );
  }
  lines.push(...publicationLines(status), ...placeLines(status));
  const notes = notesOf(status).slice(-NOTES_SHOWN);
  if (notes.length > 0) lines.push('', ...notes.map((note) => `- ${note.slice(0, 500)}`));
  return lines.join('\n');
}

const inCell = (text: string): string => text.replaceAll(/[|\n]/g, ' ').slice(0, 300);

/** ` · training is over at about 2026-11-29 14:05 UTC` */
const outlookWords = ({ trainedAt }: RunStatus): string =>
  trainedAt === null ? '' : ` · training is over at about ${minute(trainedAt)}`;

/** First of all what somebody is to do. */
function approvalLines({ runId, state, approval, version }: RunStatus): string[] {
  if (approval === null || version === null || state !== 'waiting for approval') return [];
  const example = '{"by": "your name", "reason": "why"}';
  return [
    `**Somebody is to decide about ${version.model} ${version.version} until ${minute(approval.until)}**, else it is rejected: ` +
      `the update \`${controls.approve}\` or \`${controls.reject}\` with \`${example}\`, or \`lesionflow approve ${runId} --reason "why"\`. ` +
      `The gate: ${approval.gate}.`,
    '',
  ];
}

function epochLines({ epochs, history, bestEpoch }: RunStatus): string[] {
  if (history.length === 0) return [];
  const best =
    bestEpoch === null
      ? ''
      : `; the best so far is epoch ${bestEpoch.epoch} (validation loss ${bestEpoch.loss.toFixed(4)})`;
  return [
    ...['', `Epoch ${epochs.done} of ${epochs.total}${best}`, ''],
    ...['| epoch | stage | loss | validation loss | seconds |', '|---|---|---|---|---|'],
    ...history
      .slice(-EPOCHS_SHOWN)
      .map(
        ({ epoch, stage, training, validation, seconds }) =>
          `| ${epoch} | ${stage} | ${training.total.toFixed(4)} | ${validation?.total.toFixed(4) ?? '–'} | ${seconds.toFixed(0)} |`,
      ),
  ];
}

function publicationLines({ version, alias }: RunStatus): string[] {
  if (version === null) return [];
  const { model, version: number, manifestKey } = version;
  return [
    ...['', `Version: **${model} ${number}** (\`${manifestKey}\`)`],
    ...(alias === null
      ? []
      : ['', `${alias.name} ${alias.moved ? 'names it' : 'stays where it was'}: ${alias.reason}`]),
  ];
}

/** What is in the store for people. */
function placeLines({ runId, state, history }: RunStatus): string[] {
  const isOver = state === 'completed' || state === 'failed' || state === 'cancelled';
  const page = isOver ? ` (also \`${storeKeys.runPage(runId)}\`)` : '';
  return [
    ...['', `Report: \`lesionflow report ${runId}\`${page}`],
    ...(history.length === 0 ? [] : ['', `TensorBoard: \`${storeKeys.eventsFolder(runId, '')}\``]),
  ];
}

/** `2026-11-29 14:05 UTC` */
const minute = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`;

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
