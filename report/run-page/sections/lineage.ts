/** Where the model comes from, down to the archives, by hashes that prove it. */
import type { RunFacts } from '../facts.ts';
import { html, type Html } from '../html.ts';
import { table } from '../table.ts';
import { count, counted } from '../words.ts';
import { withoutSecrets } from './recipe.ts';

interface Link {
  readonly what: string;
  readonly which: string;
  readonly hash: string | undefined;
}

export function lineage(facts: RunFacts): Html {
  const links = linksOf(facts).filter(({ hash }) => hash !== undefined);
  const rows = links.map(
    ({ what, which, hash }) =>
      html`<tr>
        <th scope="row">${what}</th>
        <td class="words">${which}</td>
        <td><code>${hash}</code></td>
      </tr>`,
  );
  const content =
    links.length === 0
      ? html`<p class="soft">Nothing is stored yet.</p>`
      : html`<p>
            Everything is named by the SHA-256 of its contents, so a version can be followed back to
            the very bytes that it learnt from. Equal hashes are equal contents.
          </p>
          ${table({ caption: 'From the archives to the version', columns: ['what', 'which', 'SHA-256'], rows, className: 'stack' })}`;
  return html`<section class="card" id="lineage">
    <h2>Lineage</h2>
    ${content}
  </section>`;
}

function linksOf({ run, dataset, evaluation, version }: RunFacts): Link[] {
  const from = version?.lineage;
  const datasetRef = run.dataset ?? from?.dataset;
  const split = run.split ?? evaluation?.split ?? from?.split;
  const records = run.records ?? from?.records;
  const checkpoint = evaluation?.checkpoint ?? from?.checkpoint;
  const score = run.evaluation ?? from?.evaluation;
  return [
    {
      what: 'Images',
      which: archiveName(run.request?.dataset.images),
      hash: dataset?.archives.images,
    },
    {
      what: 'Masks',
      which: archiveName(run.request?.dataset.masks),
      hash: dataset?.archives.masks,
    },
    {
      what: 'Data set',
      which:
        datasetRef === undefined ? '' : `${datasetRef.name}, ${counted(datasetRef.pairs, 'pair')}`,
      hash: datasetRef?.hash,
    },
    {
      what: 'Split',
      which:
        split === undefined ? '' : `${count(split.training)} + ${count(split.validation)} pairs`,
      hash: split?.hash,
    },
    {
      what: 'Records',
      which: records === undefined ? '' : `${count(records.records)} at ${records.size} px`,
      hash: records?.hash,
    },
    { what: 'Recipe', which: 'all options', hash: from?.configHash },
    { what: 'Code', which: 'of the trainer', hash: from?.codeHash },
    {
      what: 'Checkpoint',
      which: checkpoint === undefined ? '' : `stage ${checkpoint.stage}, epoch ${checkpoint.epoch}`,
      hash: checkpoint?.hash,
    },
    {
      what: 'Evaluation',
      which: score === undefined ? '' : counted(score.images, 'image'),
      hash: score?.hash,
    },
    {
      what: 'Version',
      which: version === undefined ? '' : `${version.model} ${version.version}`,
      hash: run.published?.version.hash,
    },
  ];
}

const archiveName = (source: { readonly url: string } | undefined) =>
  source === undefined ? 'archive' : withoutSecrets(source.url);
