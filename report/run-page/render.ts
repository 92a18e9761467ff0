/**
 * One self-contained HTML page a run, for people: reads without a script, loads nothing, and prints. It leads with the
 * answer; `gather-facts.ts` has the facts.
 */
import type { RunFacts } from './facts.ts';
import { Html, html } from './html.ts';
import { answer } from './sections/answer.ts';
import { data } from './sections/data.ts';
import { lineage } from './sections/lineage.ts';
import { pictures } from './sections/pictures.ts';
import { recipe } from './sections/recipe.ts';
import { scores } from './sections/scores.ts';
import { speed } from './sections/speed.ts';
import { steps } from './sections/steps.ts';
import { training } from './sections/training.ts';
import { STYLE } from './style.ts';
import { counted, moment } from './words.ts';

/** The browser itself holds the page to that: nothing is loaded, and no script runs. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

const TONES = {
  running: 'busy',
  paused: 'warn',
  'waiting for approval': 'warn',
  completed: 'good',
  failed: 'bad',
  cancelled: 'warn',
  terminated: 'warn',
  'timed out': 'bad',
} as const;

/** A whole HTML document. */
export function renderRunPage(facts: RunFacts): string {
  const { run } = facts;
  const isOver = run.state === 'completed';
  const sections: readonly (readonly [string, string, Html | undefined])[] = [
    ...(isOver ? [] : [['steps', 'Steps', steps(facts)] as const]),
    ['scores', 'Scores', scores(facts)],
    ['pictures', 'Pictures', facts.evaluation && pictures(facts)],
    ['training', 'Training', training(facts)],
    ['speed', 'Speed', speed(facts)],
    ['data', 'Data', data(facts)],
    ['recipe', 'Recipe', recipe(facts)],
    ['lineage', 'Lineage', lineage(facts)],
    ...(isOver ? [['steps', 'Steps', steps(facts)] as const] : []),
  ];
  const there = sections.filter(([, , content]) => content !== undefined);
  const links = there.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="LesionFlow" />
        <title>${run.runId}: ${run.state}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <div class="page">
          <header class="top">
            <h1>Run ${run.runId}</h1>
            <span class="state ${TONES[run.state]}">${run.state}</span>${facets(facts)}
          </header>
          <main>
            ${answer(facts)}
            <nav aria-label="Sections">
              <ul>
                ${links}
              </ul>
            </nav>
            ${there.map(([, , content]) => content)}
          </main>
          <footer>
            <p>
              Written by LesionFlow on
              ${moment(facts.writtenAt)}${isOver ? '' : '; later pages know more'}. For research:
              not a medical device, and no basis for a decision about a patient.
            </p>
          </footer>
        </div>
      </body>
    </html> `.source;
}

function facets({ run, dataset }: RunFacts): Html {
  const name = dataset?.name ?? run.request?.dataset.name;
  const words = [
    ...(name === undefined ? [] : [`data set ${name}`]),
    ...(dataset === undefined ? [] : [counted(dataset.pairs.length, 'pair')]),
    ...(run.startedAt === undefined ? [] : [`started ${moment(run.startedAt)}`]),
  ];
  return html`<p class="soft">${words.join(' · ')}</p>`;
}
