/** Whether the model is better than the one that the alias named before, and whether that may be chance. */
import type { ImageScore } from '../../../contracts/manifests.ts';
import type { RunFacts } from '../facts.ts';
import { html, type Html } from '../html.ts';
import { marginOf } from '../margin.ts';
import { count, mean, moment, score, signed } from '../words.ts';

export function comparison({ run, rival, holder, evaluation }: RunFacts): Html {
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
  if (run.state === 'waiting for approval') return awaited({ run, rival });
  const { version } = published.version;
  const title =
    holder === undefined || holder === version
      ? `version ${version} is the ${alias} now`
      : `version ${version} became the ${alias}, which by now is version ${holder}`;
  const verdict = !moved
    ? html`<b class="warn">Version ${version} did not become the ${alias}.</b>`
    : html`<b class="good"
        >${rival === undefined ? 'Published' : `Better than the ${alias} before`}: ${title}.</b
      >`;
  return html`<p>${verdict} ${versus(rival, evaluation)}</p>
    <p class="soft">Why: ${reason}.</p>`;
}

/** Somebody is to decide, and this page may be what they look at. */
function awaited({ run, rival }: Pick<RunFacts, 'run' | 'rival'>): Html {
  const { version } = run.published?.version ?? {};
  const { approval } = run.status ?? {};
  const until = approval == null ? '' : ` until ${moment(new Date(approval.until))}`;
  return html`<p>
    <b class="warn">Version ${version} waits for approval${until}.</b>
    ${approval == null ? undefined : html`The gate lets it pass: ${approval.gate}.`} Say
    <code>lesionflow approve ${run.runId}</code> or <code>lesionflow reject ${run.runId}</code>,
    with <code>--reason</code>. ${toBeat({ run, rival })}
  </p>`;
}

/** On the same images: by how much, how often each was better, and whether chance may do as much. */
function versus(rival: RunFacts['rival'], evaluation: RunFacts['evaluation']): Html | undefined {
  if (rival === undefined || evaluation === undefined) return undefined;
  const name = `Version ${rival.version.version}`;
  if (!rival.isSameSplit) {
    return html`${name} was scored on other images (another split), so the two scores do not
    compare.`;
  }
  const theirs = rival.version.scores.thresholdJaccard;
  const difference = signed(evaluation.scores.thresholdJaccard - theirs);
  return html`${name} has ${score(theirs)} on the same images (${difference}).
  ${imageByImage(evaluation.images, rival.images)}`;
}

function imageByImage(
  ours: readonly ImageScore[],
  theirs: readonly ImageScore[],
): Html | undefined {
  const before = new Map(theirs.map(({ id, scores }) => [id, scores]));
  const pairs = ours.flatMap(({ id, scores }) => {
    const other = before.get(id);
    return other === undefined ? [] : [{ scores, other }];
  });
  if (pairs.length === 0) return undefined;
  const better = pairs.filter(({ scores, other }) => scores.jaccard > other.jaccard).length;
  const worse = pairs.filter(({ scores, other }) => scores.jaccard < other.jaccard).length;
  const gains = pairs.map(({ scores, other }) => scores.thresholdJaccard - other.thresholdJaccard);
  const margin = marginOf(gains);
  const isChance = margin !== undefined && Math.abs(mean(gains)) < margin;
  return html`Image by image it is better on ${count(better)} and worse on
  ${count(worse)}${isChance ? html`; <b>so few images could show as much by chance</b> (± ${score(margin)})` : undefined}.`;
}

/** What a run that is not published would have to beat. */
export function toBeat({ run, rival }: Pick<RunFacts, 'run' | 'rival'>): Html | undefined {
  if (rival === undefined) return undefined;
  const alias = run.request?.publish.alias ?? 'champion';
  return html`The ${alias}, version ${rival.version.version}, has a threshold Jaccard of
  ${score(rival.version.scores.thresholdJaccard)}${rival.isSameSplit ? ' on the same images' : ''}.`;
}
