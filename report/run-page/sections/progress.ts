/** How far a run is that has no score yet, or how it ended without one. */
import { isGoing, type RunFacts } from '../facts.ts';
import { html, type Html } from '../html.ts';
import { count, counted, duration, mean } from '../words.ts';
import { toBeat } from './comparison.ts';

const ENDS: Readonly<Partial<Record<RunFacts['run']['state'], string>>> = {
  failed: 'failed',
  'timed out': 'timed out',
  cancelled: 'was cancelled',
  terminated: 'was terminated',
};

export function progress(facts: RunFacts): Html {
  const { run, epochs } = facts;
  const goesOn = isGoing(run.state);
  const total = run.status?.epochs.total ?? 0;
  const at = Math.min(epochs.length + 1, Math.max(1, total));
  const words = goesOn
    ? 'Nothing is scored yet'
    : run.state === 'completed'
      ? 'The run has no scores'
      : `The run ${ENDS[run.state] ?? 'ended'} before it had a score`;
  return html`<p class="headline">${words}.</p>
    ${goesOn && total > 0 ? epochBar(facts, { at, total }) : undefined}
    ${!goesOn && epochs.length > 0 ? html`<p>${counted(epochs.length, 'epoch')}${total > 0 ? ` of ${count(total)}` : ''} ${epochs.length === 1 ? 'was' : 'were'} finished; their newest checkpoints are in the store.</p>` : undefined}
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

/** Temporal's words for the end of a run that did not complete. */
export function failure({ run }: RunFacts): Html | undefined {
  if (run.failure === undefined || run.failure === '') return undefined;
  return html`<h2>Why it ${ENDS[run.state] ?? 'ended'}</h2>
    <pre class="reason">${run.failure}</pre>`;
}
