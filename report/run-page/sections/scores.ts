/** The scores: means, how they spread over the images, where they are low, and what the confidence is worth. */
import { JACCARD_THRESHOLD } from '../../../evaluation/isic-scores.ts';
import type { Scores } from '../../../contracts/references.ts';
import { distributionOf } from '../../distribution.ts';
import { confidenceChart, jaccardByArea, jaccardHistogram } from '../charts/scores.ts';
import { isGoing, type RunFacts } from '../facts.ts';
import { figure } from '../figure.ts';
import { html, type Html } from '../html.ts';
import { confidenceCurves } from '../precision-recall.ts';
import { table } from '../table.ts';
import { count, percent, score, signed } from '../words.ts';

const MEANINGS: readonly (readonly [keyof Scores, string, string])[] = [
  [
    'thresholdJaccard',
    'Threshold Jaccard',
    'the ranking score of ISIC 2018: Jaccard, but 0 below 0.65',
  ],
  ['jaccard', 'Jaccard', 'area that outline and truth share, of the area that either covers'],
  ['dice', 'Dice', 'the same overlap, counted twice: always a little higher'],
  ['sensitivity', 'Sensitivity', 'of the lesion’s pixels, how many are inside of the outline'],
  [
    'specificity',
    'Specificity',
    'of the skin’s pixels, how many are outside; high by itself on small lesions',
  ],
  ['accuracy', 'Accuracy', 'pixels that are right; high by itself where most is skin'],
];

export function scores(facts: RunFacts): Html {
  const { evaluation } = facts;
  if (evaluation === undefined) {
    return section(
      html`<p class="soft">
        ${
          isGoing(facts.run.state)
            ? 'Scores and pictures come after training, once a run.'
            : 'There are none: the run ended before its model was scored.'
        }
      </p>`,
    );
  }
  return section(
    html` <p>
        Each number is a mean over the validation images at their own size, as the ISIC 2018
        challenge defines it. The line at ${JACCARD_THRESHOLD} is the challenge’s: experts who
        outline the same lesion differ too, and what lies further off than that counts as failed.
      </p>
      ${means(facts)}
      <div class="grid">${spread(facts)}${areas(facts)}${confidence(facts)}</div>`,
  );
}

const section = (content: Html): Html =>
  html`<section class="card" id="scores">
    <h2>Scores</h2>
    ${content}
  </section>`;

function means({ evaluation, rival }: RunFacts): Html {
  const other = rival?.isSameSplit === true ? rival.version : undefined;
  const rows = MEANINGS.map(([name, title, meaning]) => {
    const ours = evaluation?.scores[name] ?? 0;
    const theirs = other?.scores[name];
    return html`<tr>
      <th scope="row">${title}<small>${meaning}</small></th>
      <td class="number"><b>${score(ours)}</b></td>
      ${
        theirs === undefined
          ? undefined
          : html`<td class="number">${score(theirs)}</td>
              <td class="number">${signed(ours - theirs)}</td>`
      }
    </tr>`;
  });
  return table({
    caption: `Means over ${count(evaluation?.images.length ?? 0)} validation images, each from 0 to 1`,
    columns: [
      'score',
      ['this run', 'number'],
      ...(other === undefined
        ? []
        : ([
            [`version ${other.version}`, 'number'],
            ['difference', 'number'],
          ] as const)),
    ],
    rows,
    className: 'scores',
  });
}

function spread({ evaluation }: RunFacts): Html {
  const jaccards = evaluation?.images.map((image) => image.scores.jaccard) ?? [];
  const { quantiles, shareAboveThreshold } = distributionOf(jaccards);
  const at = (name: string) => score(quantiles.find((one) => one.name === name)?.value ?? 0);
  return figure({
    title: 'How the Jaccard index spreads',
    alt:
      `Histogram of the Jaccard index of ${count(jaccards.length)} images with a line at 0.65: ` +
      `${percent(1 - shareAboveThreshold)} of them are left of it; the median is ${at('median')}.`,
    caption:
      `A mean hides what was missed. Half of the images reach ${at('median')}, the best tenth ${at('90 %')}, the ` +
      `worst tenth stays below ${at('10 %')}. What is left of the line counts as zero.`,
    legend: [
      ['bar box', 'counts'],
      ['bar-low box', 'counts as zero'],
    ],
    chart: jaccardHistogram(jaccards),
  });
}

function areas({ evaluation, dataset }: RunFacts): Html | undefined {
  const shares = new Map(dataset?.pairs.map(({ id, lesionShare }) => [id, lesionShare]));
  const images = (evaluation?.images ?? []).flatMap(({ id, confidence: found, scores: of }) => {
    const area = shares.get(id);
    return area === undefined ? [] : [{ area, jaccard: of.jaccard, isMissed: found === null }];
  });
  if (images.length === 0) return undefined;
  return figure({
    title: 'By the size of the lesion',
    alt: `A dot for each of ${count(images.length)} images: the lesion's share of the image to the right, its Jaccard index upwards, with a line at 0.65.`,
    caption:
      'A dot an image, its Jaccard index upwards. Dots that sink to the left mean that small lesions are lost, dots ' +
      'that sink to the right that lesions which fill the image are cut.',
    legend: [
      ['blue dot', 'outlined'],
      ...(images.some(({ isMissed }) => isMissed)
        ? ([['orange dot', 'nothing found']] as const)
        : []),
    ],
    chart: jaccardByArea(images),
  });
}

const COLOURS = ['blue', 'orange', 'violet'] as const;

function confidence({ evaluation }: RunFacts): Html {
  const curves = confidenceCurves(evaluation?.images ?? []);
  return figure({
    title: 'Precision and recall',
    alt: `Precision over recall: ${curves.map(({ threshold, averagePrecision }) => `average precision ${score(averagePrecision)} at a Jaccard index of ${threshold}`).join(', ')}.`,
    caption:
      'From the surest outline to the least sure one: how many of them are right (precision, upwards), and how many ' +
      'lesions are found by then. A curve that stays up says that the confidence can be trusted: wrong outlines come last.',
    legend: curves.map(
      ({ threshold, averagePrecision }, index) =>
        [
          COLOURS[index] ?? 'blue',
          `Jaccard ≥ ${threshold}: AP ${score(averagePrecision)}`,
        ] as const,
    ),
    chart: confidenceChart(curves),
  });
}
