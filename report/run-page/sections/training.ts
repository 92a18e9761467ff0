/** The loss curves of each part, the learning rate, and what each epoch came to. */
import { bestEpochOf } from '../../../contracts/best-epoch.ts';
import type { EpochResult } from '../../../contracts/progress.ts';
import { lossChart, LOSS_LEGEND } from '../charts/loss.ts';
import { learningRateChart } from '../charts/training.ts';
import type { RunFacts } from '../facts.ts';
import { figure } from '../figure.ts';
import { html, type Html } from '../html.ts';
import type { LossName } from '../training-curves.ts';
import { table } from '../table.ts';
import { count, counted, duration } from '../words.ts';

const PARTS: readonly (readonly [LossName, string, string])[] = [
  ['rpnClass', 'Region proposals: class', 'Is there a lesion near this anchor at all?'],
  ['rpnBbox', 'Region proposals: box', 'How far is the proposed box off?'],
  ['mrcnnClass', 'Head: class', 'Is what was proposed a lesion?'],
  ['mrcnnBbox', 'Head: box', 'How well does the final box fit?'],
  [
    'mrcnnMask',
    'Head: mask',
    'Pixel by pixel, the outline itself: the part that the scores measure.',
  ],
  ['l2', 'Weight penalty (L2)', 'Keeps weights small; no measure of quality.'],
];

export function training(facts: RunFacts): Html {
  const { curves, epochs } = facts;
  if (epochs.length === 0 && curves.steps.total.length === 0) {
    return section(
      html`<p class="soft">No steps are stored yet: curves go up with each checkpoint.</p>`,
    );
  }
  return section(
    html` <p>
        Losses should fall, steeply at first. Training and validation that fall together are
        healthy; validation that turns up while training goes on down means that images are learnt
        by heart; both flat and high mean that it does not learn.
      </p>
      ${startedFrom(epochs)} ${total(facts)}
      <div class="grid">
        ${PARTS.flatMap(([name, title, meaning]) => part(facts, { name, title, meaning }) ?? [])}${rates(facts)}
      </div>
      ${epochTable(facts)}`,
  );
}

const section = (content: Html): Html =>
  html`<section class="card" id="training">
    <h2>Training</h2>
    ${content}
  </section>`;

function startedFrom(epochs: readonly EpochResult[]): Html | undefined {
  const words = epochs.find((epoch) => epoch.startedFrom !== undefined)?.startedFrom;
  return words === undefined ? undefined : html`<p class="soft">${words}</p>`;
}

function total({ curves, epochs, run }: RunFacts): Html {
  const best = bestEpochOf(epochs)?.epoch;
  const options = { name: 'total', epochs, steps: curves.steps.total, best } as const;
  const last = epochs.at(-1);
  const alt =
    last === undefined
      ? 'Total loss over the steps of the first epoch.'
      : `Total loss over ${counted(epochs.length, 'epoch')}: training ends at ${last.training.total.toFixed(3)}, ` +
        `validation at ${last.validation?.total.toFixed(3) ?? 'nothing'}${best === undefined ? '' : `; its lowest is after epoch ${best}`}.`;
  const stops = run.status?.stoppedEarly ?? [];
  const stopped = stops.map(
    ({ stage, epochs: done, planned, bestEpoch: from }) =>
      ` Stage ${stage} stopped after ${done} of ${planned} epochs and went on from epoch ${from}.`,
  );
  return figure({
    title: 'Total loss',
    alt,
    caption:
      `What is minimised: the sum of the parts below. Means stand in the middle of their epoch, validation at its end.${best === undefined ? '' : ' The ring marks the epoch with the lowest validation loss.'} ${stopped.join('')}`.trim(),
    legend: LOSS_LEGEND,
    className: 'wide',
    chart: html`<div class="broad">${lossChart({ ...options, width: 1030, height: 320 })}</div>
      <div class="narrow">${lossChart(options)}</div>`,
  });
}

function part(
  { curves, epochs }: RunFacts,
  {
    name,
    title,
    meaning,
  }: { readonly name: LossName; readonly title: string; readonly meaning: string },
): Html | undefined {
  const values = [
    ...epochs.map(({ training: losses }) => losses[name]),
    ...curves.steps[name].map(({ y }) => y),
  ];
  // With AdamW there is no penalty: a flat line at zero says nothing.
  if (values.every((value) => value === 0)) return undefined;
  const last = epochs.at(-1);
  return figure({
    title,
    alt: `${title} over the epochs${last === undefined ? '' : `: training ends at ${last.training[name].toFixed(3)}, validation at ${last.validation?.[name].toFixed(3) ?? 'nothing'}`}.`,
    caption: meaning,
    chart: lossChart({ name, epochs, steps: curves.steps[name] }),
  });
}

function rates({ curves }: RunFacts): Html | undefined {
  if (curves.learningRate.length === 0) return undefined;
  return figure({
    title: 'Learning rate',
    alt: 'The learning rate over the epochs.',
    caption: 'How far a step goes. Steps in the loss curves often have their reason here.',
    chart: learningRateChart(curves.learningRate),
  });
}

function epochTable({ epochs, curves }: RunFacts): Html | undefined {
  if (epochs.length === 0) return undefined;
  const records = new Map(curves.epochs.map((record) => [record.epoch, record]));
  const best = bestEpochOf(epochs)?.epoch;
  const rows = epochs.map(
    ({ epoch, stage, training: losses, validation, seconds, stepsRedone }) => {
      const redone = stepsRedone ?? records.get(epoch)?.stepsRedone ?? 0;
      return html`<tr>
        <th scope="row">${epoch}</th>
        <td>${stage}</td>
        <td class="number">${losses.total.toFixed(4)}</td>
        <td class="number">
          ${validation === null ? '–' : validation.total.toFixed(4)}${epoch === best ? html` <b class="good">lowest</b>` : undefined}
        </td>
        <td class="number">${duration(seconds)}</td>
        <td class="number">${redone === 0 ? '–' : count(redone)}</td>
      </tr>`;
    },
  );
  return html`<details>
    <summary>All ${counted(epochs.length, 'epoch')} in numbers</summary>
    ${table({
      caption: 'Losses are means over the epoch’s steps',
      columns: [
        'epoch',
        'stage',
        ['training', 'number'],
        ['validation', 'number'],
        ['time', 'number'],
        ['steps done again', 'number'],
      ],
      rows,
    })}
  </details>`;
}
