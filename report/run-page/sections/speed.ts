/** How fast it trained, and what restarts cost. */
import { throughputChart } from '../charts/training.ts';
import type { RunFacts } from '../facts.ts';
import { factList } from '../fact-list.ts';
import { figure } from '../figure.ts';
import { html, type Html } from '../html.ts';
import { lostTime, type LostTime } from '../lost-time.ts';
import { counted, duration, mean, percent } from '../words.ts';

export function speed(facts: RunFacts): Html | undefined {
  const { curves, epochs, run, writtenAt } = facts;
  const known = curves.epochs.filter(({ imagesPerSecond }) => imagesPerSecond !== undefined);
  if (known.length === 0) return undefined;
  const average = (of: (record: (typeof known)[number]) => number | undefined) =>
    mean(known.flatMap((record) => of(record) ?? []));
  const rate = average((record) => record.imagesPerSecond);
  const lost = lostTime(facts);
  const trained = epochs.reduce((sum, { seconds }) => sum + seconds, 0);
  const whole =
    run.startedAt && ((run.closedAt ?? writtenAt).getTime() - run.startedAt.getTime()) / 1000;
  const peak = Math.max(...known.map(({ peakGigabytes = 0 }) => peakGigabytes));
  return html`<section class="card" id="speed">
    <h2>Speed</h2>
    <p>
      A worker may be lost at any time; the next attempt goes on from the last checkpoint and does
      again what came after it. It ends in the same weights, so restarts cost time and nothing else.
    </p>
    ${factList([
      [
        run.closedAt === undefined ? 'the run so far' : 'the whole run',
        whole === undefined ? undefined : duration(whole),
      ],
      ['training epochs', duration(trained)],
      ['images a second', rate.toFixed(1)],
      ['waiting for data', percent(average((record) => record.dataWaitShare))],
      ['most memory held', peak > 0 ? `${peak.toFixed(1)} GB` : undefined],
      ['lost to restarts', lost.epochs.length === 0 ? 'none' : duration(lost.seconds)],
    ])}
    ${figure({
      title: 'Images a second, by epoch',
      alt: `Bars of the images a second of ${counted(known.length, 'epoch')}, ${rate.toFixed(1)} on average.`,
      caption:
        `Bars of one height are a quiet machine; a low one had company, or another machine did that epoch. ${lostWords(lost)}`.trim(),
      className: 'wide',
      chart: html`<div class="broad">${throughputChart(known, { width: 1030, height: 200 })}</div>
        <div class="narrow">${throughputChart(known)}</div>`,
    })}
  </section>`;
}

function lostWords({ epochs, stepsRedone }: LostTime): string {
  if (epochs.length === 0) return '';
  const which = `${epochs.length === 1 ? 'epoch' : 'epochs'} ${epochs.join(', ')}`;
  return `More than one attempt was needed in ${which}: ${counted(stepsRedone, 'step')} done again. Pauses count as lost time too.`;
}
