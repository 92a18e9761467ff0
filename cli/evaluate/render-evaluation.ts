/** An evaluation as lines. Pure. */
import type { ImageScore } from '../../contracts/manifests.ts';
import type { Scores } from '../../contracts/references.ts';
import { JACCARD_THRESHOLD } from '../../evaluation/isic-scores.ts';
import type { Palette } from '../colours.ts';
import { renderScores, scoreRows } from '../render-run.ts';

export interface Evaluation {
  /** `lesion@3`, or a file's name. */
  readonly weights: string;
  /** On which images, in words. */
  readonly on: string;
  /** Of the split whose validation images these are. */
  readonly splitHash: string | null;
  readonly scores: Scores;
  /** The version's own scores, where these are the very images that it was scored on. */
  readonly published: Scores | null;
  readonly images: readonly ImageScore[];
  /** What was written. */
  readonly files?: readonly string[];
}

const SHOWN_IMAGES = 5;

export function renderEvaluation(evaluation: Evaluation, palette: Palette): string[] {
  const { weights, on, scores, published, images, files = [] } = evaluation;
  const below = images.filter(({ scores: { jaccard } }) => jaccard < JACCARD_THRESHOLD);
  const missed = images.filter(({ confidence }) => confidence === null);
  const worst = [...images]
    .sort((a, b) => a.scores.jaccard - b.scores.jaccard || (a.id < b.id ? -1 : 1))
    .slice(0, SHOWN_IMAGES);
  return [
    `${palette.bold(weights)} on ${on}:`,
    ...renderScores(scores),
    ...(published === null ? [] : [comparedWords(scores, published, palette)]),
    '',
    `${String(below.length)} of ${String(images.length)} images are below a Jaccard of ${String(JACCARD_THRESHOLD)}` +
      (missed.length === 0 ? '.' : `; in ${String(missed.length)} nothing was found.`),
    'The worst:',
    ...worst.map(({ id, scores: { jaccard }, confidence }) => {
      const how = confidence === null ? 'nothing found' : `confidence ${confidence.toFixed(2)}`;
      return `  ${id}  Jaccard ${jaccard.toFixed(4)}, ${how}`;
    }),
    ...(files.length === 0 ? [] : ['', ...files.map((file) => `wrote ${file}`)]),
  ];
}

/** Other processors add up in another order. */
const SAME = 5e-4;

function comparedWords(scores: Scores, published: Scores, palette: Palette): string {
  const isSame = scoreRows.every(([, of]) => Math.abs(of(scores) - of(published)) < SAME);
  const theirs = `threshold Jaccard ${published.thresholdJaccard.toFixed(4)}, Jaccard ${published.jaccard.toFixed(4)}`;
  return isSame
    ? palette.green('As published.')
    : palette.yellow(`Published with ${theirs}: other options here, or another machine.`);
}
