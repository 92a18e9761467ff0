/** The pipeline's steps: how far the run is, or where it stopped. */
import type { RunFacts } from '../facts.ts';
import { html, type Html } from '../html.ts';
import { table } from '../table.ts';
import { counted } from '../words.ts';

const TONES = {
  waiting: 'soft',
  running: 'busy',
  done: 'good',
  failed: 'bad',
  skipped: 'soft',
} as const;

export function steps({ run }: RunFacts): Html | undefined {
  const all = run.status?.steps ?? [];
  if (all.length === 0) return undefined;
  const rows = all.map(
    ({ step, state, summary }) =>
      html`<tr>
        <th scope="row">${step.replace('-', ' ')}</th>
        <td><b class="${TONES[state]}">${state}</b></td>
        <td class="words">${summary}</td>
      </tr>`,
  );
  const retried = (run.underWay ?? []).filter(({ attempt }) => attempt > 1);
  const tries = retried.map(
    ({ type, attempt, lastFailure }) =>
      html`<p>
        <b class="warn">${type}</b> is at try
        ${attempt}${lastFailure === undefined ? '' : html`: <code>${lastFailure}</code>`}
      </p>`,
  );
  return html`<section class="card" id="steps">
    <h2>Steps</h2>
    <p>
      A run goes through these ${counted(all.length, 'step')} in order; one that fails for a passing
      reason is tried again by itself.
    </p>
    ${tries}
    ${table({ caption: 'The pipeline of this run', columns: ['step', 'state', 'what came out'], rows, className: 'stack' })}
  </section>`;
}
