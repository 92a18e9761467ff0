/** A run's snapshot as lines of text: a mark, a bar and a few words a step. Pure; nothing is written here. */
import type { PipelineResult, PipelineStep, RunStatus } from '../contracts/progress.ts';
import type { Scores } from '../contracts/references.ts';
import { moment } from '../report/run-page/words.ts';
import { checkpointWords } from '../workflows/run-details.ts';
import { plainPalette, type Palette } from './colours.ts';
import { describeStep, type RateOf } from './runs/describe-step.ts';
import type { RunSnapshot } from './watch-run.ts';

const MARKS: Readonly<Record<RunStatus['steps'][number]['state'], (palette: Palette) => string>> = {
  waiting: ({ dim }) => dim('·'),
  running: ({ cyan }) => cyan('▶'),
  done: ({ green }) => green('✓'),
  failed: ({ red }) => red('✗'),
  skipped: ({ dim }) => dim('↷'),
};

const ACTIVITY_OF: Readonly<Record<PipelineStep, string>> = {
  'fetch-images': 'fetchArchive',
  'fetch-masks': 'fetchArchive',
  'unpack-images': 'unpackArchive',
  'unpack-masks': 'unpackArchive',
  inspect: 'inspectDataset',
  split: 'splitDataset',
  records: 'prepareRecords',
  train: 'trainEpoch',
  evaluate: 'evaluateModel',
  publish: 'publishModel',
  promote: 'moveAlias',
};

const BAR_CELLS = 24;

export interface StepView {
  readonly step: PipelineStep;
  readonly state: RunStatus['steps'][number]['state'];
  /** 0 to 1; `undefined` where the work has no known size yet. */
  readonly share: number | undefined;
  readonly text: string;
}

export interface RenderOptions {
  readonly palette?: Palette;
  /** How fast work under way is, where somebody measures it. */
  readonly rateOf?: RateOf;
}

type Seen = Pick<RunSnapshot, 'runId' | 'status' | 'activities'>;

/** What is known of each step; empty while no worker has answered for the run. */
export function stepViews(
  { status, activities }: Seen,
  { palette = plainPalette, rateOf = () => undefined }: RenderOptions = {},
): readonly StepView[] {
  if (status === undefined) return [];
  const left = [...activities];
  return status.steps.map(({ step, state, summary }) => {
    if (state !== 'running') return { step, state, share: undefined, text: summary };
    // Of two fetches under way the images' is the older one and is listed first.
    const at = left.findIndex(({ type }) => type === ACTIVITY_OF[step]);
    const activity = at === -1 ? undefined : left.splice(at, 1)[0];
    return { step, state, ...describeStep({ step, status, activity, palette, rateOf }) };
  });
}

/** One line a step, for a terminal. */
export function renderSteps(seen: Seen, options: RenderOptions = {}): string[] {
  const { palette = plainPalette } = options;
  const views = stepViews(seen, options);
  if (views.length === 0) {
    return [`${MARKS.waiting(palette)} waiting for a data worker to take up ${seen.runId}`];
  }
  return views.map(({ step, state, share, text }) => {
    const name = step.replace('-', ' ').padEnd(14);
    const bar = share === undefined ? '' : `${progressBar(share, palette)} `;
    const line = `${MARKS[state](palette)} ${name} ${bar}${text}`.trimEnd();
    return state === 'waiting' ? palette.dim(line) : line;
  });
}

export function renderScores(scores: Scores): string[] {
  return scoreRows.map(([name, of]) => `  ${name.padEnd(20)} ${of(scores).toFixed(4)}`);
}

/** The order in which scores are told: the one that decides comes first. */
export const scoreRows: readonly (readonly [string, (scores: Scores) => number])[] = [
  ['threshold Jaccard', ({ thresholdJaccard }) => thresholdJaccard],
  ['Jaccard', ({ jaccard }) => jaccard],
  ['Dice', ({ dice }) => dice],
  ['sensitivity', ({ sensitivity }) => sensitivity],
  ['specificity', ({ specificity }) => specificity],
  ['accuracy', ({ accuracy }) => accuracy],
];

/** Scores, version and alias that a completed run came to; an earlier run's, where there was nothing new. */
export function renderResult(result: PipelineResult): string[] {
  const { runId, outcome, evaluation, version, alias } = result;
  const scores = [
    `Scores on ${evaluation.images} validation images:`,
    ...renderScores(evaluation.scores),
  ];
  const { model, version: number } = version;
  if (outcome === 'no-change') {
    return [
      `Nothing new: data, recipe and code are those of ${runId}, whose result stands. --force trains all the same.`,
      ...scores,
      `Published then: ${model} version ${number}.`,
    ];
  }
  return [...scores, publishedWords({ version, alias })];
}

export function publishedWords({
  version: { model, version },
  alias,
}: Pick<PipelineResult, 'version' | 'alias'>): string {
  const moved = alias.moved ? 'names it now' : 'stays where it was';
  return `Published ${model} version ${version}; ${alias.name} ${moved}: ${alias.reason}.`;
}

/** What somebody who looks at a run should know beside its steps. */
export function renderNotes(status: RunStatus, palette: Palette = plainPalette): string[] {
  const { state, lastCheckpoint, notes } = status;
  const { yellow } = palette;
  const standsStill = state === 'paused' || state === 'cancelled' || state === 'failed';
  return [
    ...renderApproval(status, palette),
    ...(standsStill && lastCheckpoint !== null ? [checkpointWords(lastCheckpoint)] : []),
    ...notes.map((note) => yellow(note)),
  ];
}

/** What somebody is asked, while the run waits for an answer. */
function renderApproval(
  { runId, state, approval, version }: RunStatus,
  { yellow }: Palette,
): string[] {
  if (state !== 'waiting for approval' || approval === null || version === null) return [];
  const until = moment(new Date(approval.until));
  return [
    yellow(
      `${version.model} version ${version.version} waits for approval until ${until}. The gate: ${approval.gate}.`,
    ),
    `"lesionflow approve ${runId}" or "lesionflow reject ${runId}" decides; "lesionflow report ${runId}" shows what about.`,
  ];
}

function progressBar(share: number, { cyan, dim }: Palette): string {
  const full = Math.round(Math.min(1, share) * BAR_CELLS);
  return cyan('█'.repeat(full)) + dim('░'.repeat(BAR_CELLS - full));
}
