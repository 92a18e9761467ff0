/** The answer first: how good the model is, whether it is better than the champion, and what to look at. */
import { JACCARD_THRESHOLD } from '../../../evaluation/isic-scores.ts';
import type { RunFacts } from '../facts.ts';
import { findingsOf, type Finding } from '../findings.ts';
import { html, type Html } from '../html.ts';
import { marginOf } from '../margin.ts';
import { counted, percent, score } from '../words.ts';
import { comparison } from './comparison.ts';
import { failure, progress } from './progress.ts';

const PLACES: Readonly<Record<Finding['section'], string>> = {
  scores: 'the scores',
  pictures: 'the pictures',
  training: 'the curves',
  speed: 'where time went',
  quarantined: 'which and why',
  lineage: 'the lineage',
  steps: 'the steps',
};

export function answer(facts: RunFacts): Html {
  const findings = findingsOf(facts);
  return html`<section class="card answer" aria-label="The answer">
    <div>${facts.evaluation === undefined ? progress(facts) : result(facts)} ${failure(facts)}</div>
    <div>
      <h2>What to look at</h2>
      ${
        findings.length === 0
          ? html`<p class="soft">
              ${facts.evaluation === undefined ? 'Nothing yet.' : 'Nothing stands out.'}
            </p>`
          : html`<ul class="looks">
              ${findings.map(findingItem)}
            </ul>`
      }
    </div>
  </section>`;
}

const findingItem = ({ tone, text, section }: Finding): Html =>
  html`<li class="${tone}">${text} <a href="#${section}">See ${PLACES[section]}</a></li>`;

function result(facts: RunFacts): Html {
  const { evaluation } = facts;
  if (evaluation === undefined) return html``;
  const { scores, images } = evaluation;
  const good = images.filter((image) => image.scores.jaccard >= JACCARD_THRESHOLD).length;
  const margin = marginOf(images.map((image) => image.scores.thresholdJaccard));
  return html`<p class="big">
      <strong>${score(scores.thresholdJaccard)}</strong
      ><span
        >threshold Jaccard on
        ${counted(images.length, 'validation image')}${margin === undefined ? '' : `, ± ${margin.toFixed(2)}`}</span
      >
    </p>
    <p class="headline">
      ${percent(good / images.length)} of the lesions are outlined well enough to count.
    </p>
    <p>
      An outline counts when its Jaccard index is ${JACCARD_THRESHOLD} or more: of the area that it
      and the expert’s cover together, they share that much. Otherwise its image scores zero.
      Without that rule the mean is <b>${score(scores.jaccard)}</b>.
      ${margin === undefined ? undefined : html`<span class="soft">The ± is the score’s 95 % interval.</span>`}
    </p>
    ${comparison(facts)}`;
}
