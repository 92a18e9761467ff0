/** The data set: how much, how large, how much of each image is lesion, and what was set aside and why. */
import type { DatasetManifest } from '../../../contracts/manifests.ts';
import { quantile } from '../../../datasets/fingerprint/spread.ts';
import { lesionAreaChart } from '../charts/lesion-areas.ts';
import type { RunFacts } from '../facts.ts';
import { factList } from '../fact-list.ts';
import { figure } from '../figure.ts';
import { html, type Html } from '../html.ts';
import { table } from '../table.ts';
import { count, counted, percent } from '../words.ts';

export function data(facts: RunFacts): Html {
  const { dataset, split } = facts;
  if (dataset === undefined) {
    return html`<section class="card" id="data">
      <h2>Data</h2>
      <p class="soft">The archives are not inspected yet.</p>
    </section>`;
  }
  const areas = dataset.pairs.map(({ lesionShare }) => lesionShare).sort((a, b) => a - b);
  return html`<section class="card" id="data">
    <h2>Data</h2>
    <p>
      A pair is an image and the expert’s mask of its lesion. Validation pairs are drawn by a seed
      and never trained on; if the two curves below differ, the scores speak of other lesions than
      the model learnt from.
    </p>
    ${factList([
      ['pairs', count(dataset.pairs.length)],
      ['for training', split && count(split.training.length)],
      ['for validation', split && count(split.validation.length)],
      ['set aside', count(dataset.quarantined.length)],
      ['lesion, median share', percent(quantile(areas, 0.5))],
    ])}
    <div class="grid">${lesionAreas(dataset, split)}${sizes(dataset)}</div>
    ${quarantined(facts)}
  </section>`;
}

function lesionAreas({ pairs }: DatasetManifest, split: RunFacts['split']): Html {
  const validationIds = new Set(split?.validation);
  const trainingIds = new Set(split?.training);
  const sharesOf = (ids: ReadonlySet<string>) =>
    pairs.filter(({ id }) => ids.has(id)).map(({ lesionShare }) => lesionShare);
  const isSplit = split !== undefined;
  const training = isSplit ? sharesOf(trainingIds) : pairs.map(({ lesionShare }) => lesionShare);
  return figure({
    title: 'How much of the image is lesion',
    alt: `Histogram of the lesion's share of the image${isSplit ? ' for training and for validation' : ''}, of ${counted(pairs.length, 'pair')}.`,
    caption: 'Images by their lesion’s share of the area, each set as a whole being 100 %.',
    legend: isSplit
      ? [
          ['blue', 'training'],
          ['orange', 'validation'],
        ]
      : [['blue', 'all pairs']],
    chart: lesionAreaChart({ training, validation: sharesOf(validationIds) }),
  });
}

const SIZES_SHOWN = 6;

function sizes({ pairs }: DatasetManifest): Html {
  const counts = new Map<string, number>();
  for (const { width, height } of pairs) {
    const size = `${count(width)} × ${count(height)}`;
    counts.set(size, (counts.get(size) ?? 0) + 1);
  }
  const falling = [...counts].sort(([, a], [, b]) => b - a);
  const rest = falling.slice(SIZES_SHOWN).reduce((sum, [, images]) => sum + images, 0);
  const row = (size: string, images: number) =>
    html`<tr>
      <th scope="row">${size}</th>
      <td class="number">${count(images)}</td>
      <td class="number">${percent(images / pairs.length)}</td>
    </tr>`;
  return html`<div>
    <h3>Sizes</h3>
    ${table({
      caption: `${counted(falling.length, 'size')} of images, in pixels, width × height`,
      columns: ['size', ['images', 'number'], ['share', 'number']],
      rows: [
        ...falling.slice(0, SIZES_SHOWN).map(([size, images]) => row(size, images)),
        rest === 0 ? undefined : row('others', rest),
      ],
    })}
  </div>`;
}

const ROWS_SHOWN = 100;

function quarantined({ dataset, quarantined: pictures }: RunFacts): Html {
  const all = dataset?.quarantined ?? [];
  if (all.length === 0) {
    return html`<h3 id="quarantined">Set aside</h3>
      <p class="soft">Nothing: every image had its mask, and all could be read.</p>`;
  }
  const reasonOf = new Map(all.map(({ id, reason }) => [id, reason]));
  const thumbnails = pictures.map(
    ({ id, source, width, height }) =>
      html`<figure>
        <img
          src="${source}"
          width="${width}"
          height="${height}"
          alt="Image ${id}, set aside: ${reasonOf.get(id) ?? ''}"
        />
        <figcaption>${id}<br />${reasonOf.get(id)}</figcaption>
      </figure>`,
  );
  const rows = all.slice(0, ROWS_SHOWN).map(
    ({ id, reason, detail }) =>
      html`<tr>
        <th scope="row"><code>${id}</code></th>
        <td class="tight">${reason}</td>
        <td class="words">${detail}</td>
      </tr>`,
  );
  const more = all.length - ROWS_SHOWN;
  return html`<h3 id="quarantined">Set aside</h3>
    <p>
      Pairs that could have misled training or scoring were left out. If one should not be here,
      mend it in the archive and start a run again.
    </p>
    ${thumbnails.length === 0 ? undefined : html`<div class="pictures small">${thumbnails}</div>`}
    ${table({
      caption: `${counted(all.length, 'pair')} and why${more > 0 ? `; the first ${count(ROWS_SHOWN)}` : ''}`,
      columns: ['pair', 'reason', 'detail'],
      rows,
      className: 'stack',
    })}`;
}
