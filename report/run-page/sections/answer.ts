/** The answer first: how good the model is, whether it is better than the champion, and what to look at. */
import { JACCARD_THRESHOLD } from '../../../evaluation/isic-scores.ts';
import type { RunFacts } from '../facts.ts';
import { findingsOf, type Finding } from '../findings.ts';
import { html, type Html } from '../html.ts';
import { count, counted, duration, mean, percent, score, signed } from '../words.ts';

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
    <div>${facts.evaluation === undefined ? progress(facts) : result(facts)}</div>
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
  return html`<p class="big">
      <strong>${score(scores.thresholdJaccard)}</strong
      ><span>threshold Jaccard on ${counted(images.length, 'validation image')}</span>
    </p>
    <p class="headline">
      ${percent(good / images.length)} of the lesions are outlined well enough to count.
    </p>
    <p>
      An outline counts when its Jaccard index is ${JACCARD_THRESHOLD} or more: of the area that it
      and the expert’s cover together, they share that much. Otherwise its image scores zero.
      Without that rule the mean is <b>${score(scores.jaccard)}</b>.
    </p>
    ${comparison(facts)}`;
}

function comparison({ run, rival, holder, evaluation }: RunFacts): Html {
  const { published } = run;
  if (run.sameAs !== undefined) {
    return html`<p>
      <b>Nothing new.</b> Data, recipe and code are those of run ${run.sameAs}, so nothing was
      trained; this is its result.
    </p>`;
  }
  if (published === undefined) {
    const yet = run.state === 'running' ? ' yet' : '';
    return html`<p>It is not published${yet}. ${toBeat({ run, rival })}</p>`;
  }
  const { name: alias, moved, reason } = published.alias;
  const { version } = published.version;
  const title =
    holder === undefined || holder === version
      ? `version ${version} is the ${alias} now`
      : `version ${version} became the ${alias}, which by now is version ${holder}`;
  const verdict = !moved
    ? html`<b class="warn">Not better: version ${version} did not become the ${alias}.</b>`
    : rival === undefined
      ? html`<b class="good">The first of its kind: ${title}.</b>`
      : html`<b class="good">Better than the ${alias} before: ${title}.</b>`;
  return html`<p>${verdict} ${versus(rival, evaluation)}</p>
    <p class="soft">The gate’s words: ${reason}.</p>`;
}

/** On the same images, how often each was better. */
function versus(rival: RunFacts['rival'], evaluation: RunFacts['evaluation']): Html | undefined {
  if (rival === undefined || evaluation === undefined) return undefined;
  const name = `Version ${rival.version.version}`;
  if (!rival.isSameSplit) {
    return html`${name} was scored on other images (another split), so the two scores do not
    compare.`;
  }
  const theirs = rival.version.scores.thresholdJaccard;
  const difference = evaluation.scores.thresholdJaccard - theirs;
  const before = new Map(rival.images.map(({ id, scores }) => [id, scores.jaccard]));
  const pairs = evaluation.images.flatMap(({ id, scores }) => {
    const other = before.get(id);
    return other === undefined ? [] : [scores.jaccard - other];
  });
  const better = pairs.filter((gain) => gain > 0).length;
  const worse = pairs.filter((gain) => gain < 0).length;
  const each =
    pairs.length === 0
      ? undefined
      : html` Image by image it is better on ${count(better)} and worse on ${count(worse)}.`;
  return html`${name} has ${score(theirs)} on the same images (${signed(difference)}).${each}`;
}

function toBeat({ run, rival }: Pick<RunFacts, 'run' | 'rival'>): Html | undefined {
  if (rival === undefined) return undefined;
  const alias = run.request?.publish.alias ?? 'champion';
  return html`The ${alias}, version ${rival.version.version}, has a threshold Jaccard of
  ${score(rival.version.scores.thresholdJaccard)}${rival.isSameSplit ? ' on the same images' : ''}.`;
}

function progress(facts: RunFacts): Html {
  const { run, epochs } = facts;
  const total = run.status?.epochs.total ?? 0;
  const at = Math.min(epochs.length + 1, Math.max(1, total));
  const isGoing = run.state === 'running' || run.state === 'paused';
  const words = isGoing
    ? 'Nothing is scored yet'
    : run.state === 'completed'
      ? 'The run has no scores'
      : `The run ${run.state === 'failed' ? 'failed' : `was ${run.state}`} before it had a score`;
  return html`<p class="headline">${words}.</p>
    ${
      run.failure
        ? html`<h3>Why</h3>
            <pre class="reason">${run.failure}</pre>`
        : undefined
    }
    ${isGoing && total > 0 ? epochBar(facts, { at, total }) : undefined}
    ${!isGoing && epochs.length > 0 ? html`<p>${counted(epochs.length, 'epoch')}${total > 0 ? ` of ${count(total)}` : ''} ${epochs.length === 1 ? 'was' : 'were'} finished; their checkpoints are in the store.</p>` : undefined}
    <p class="soft">
      Scores come after training, from validation images that the model never learns from.
      ${toBeat(facts)}
    </p>`;
}

function epochBar(
  { run, epochs }: RunFacts,
  { at, total }: { readonly at: number; readonly total: number },
): Html {
  const training = run.underWay?.find(({ type }) => type === 'trainEpoch')?.progress;
  const within =
    training?.unit === 'steps' && training.note === undefined && training.total > 0
      ? Math.min(1, training.done / training.total)
      : 0;
  const seconds = mean(epochs.slice(-5).map((epoch) => epoch.seconds));
  const left = Number.isFinite(seconds) ? seconds * (total - epochs.length - within) : undefined;
  const steps =
    within === 0 || training === undefined
      ? ''
      : `, step ${count(training.done)} of ${count(training.total)}`;
  return html`<p>
      Epoch ${count(at)} of
      ${count(total)}${steps}${left === undefined ? '' : `; about ${duration(left)} of training are left`}.
    </p>
    <p>
      <progress
        max="${total}"
        value="${(epochs.length + within).toFixed(3)}"
        aria-label="Epochs done"
      ></progress>
    </p>
    ${safeAt(run)}`;
}

/** From where the run would go on, were its worker lost now. */
function safeAt({ status }: RunFacts['run']): Html | undefined {
  const saved = status?.lastCheckpoint;
  if (saved == null) return undefined;
  return html`<p class="soft">
    Were its worker lost now, it would go on from step ${count(saved.stepInEpoch)} of epoch
    ${count(saved.epoch)}.
  </p>`;
}
