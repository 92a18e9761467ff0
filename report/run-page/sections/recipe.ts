/** What the run was asked to do: the stages, the model in a few words, and all of it as JSON. */
import type { RunFacts } from '../facts.ts';
import { rate } from '../charts/training.ts';
import { batchSize } from '../../../maskrcnn/config.ts';
import { factList } from '../fact-list.ts';
import { html, type Html } from '../html.ts';
import { table } from '../table.ts';
import { count } from '../words.ts';

export function recipe({ run, version }: RunFacts): Html | undefined {
  const model = run.request?.model ?? version?.config;
  if (model === undefined) return undefined;
  return html`<section class="card" id="recipe">
    <h2>Recipe</h2>
    <p>
      What to repeat to get this model again: the same archives, this recipe and the code named
      under Lineage.
    </p>
    ${factList([
      ['backbone', model.backbone === 'resnet50' ? 'ResNet-50' : 'ResNet-101'],
      ['image size', `${model.imageMaxDim} px`],
      ['images a batch', count(batchSize(model))],
      ['steps an epoch', count(model.stepsPerEpoch)],
      ['optimizer', model.optimizer === 'sgd' ? 'SGD' : 'AdamW'],
      ['normalisation', model.normalization],
    ])}
    ${stages(run.request)}
    <details>
      <summary>Everything, as JSON</summary>
      <pre tabindex="0"><code>${inJson(run.request ?? { model })}</code></pre>
    </details>
  </section>`;
}

function stages(request: RunFacts['run']['request']): Html | undefined {
  if (request === undefined) return undefined;
  const rows = request.training.stages.map(
    ({ name, layers, epochs, learningRate, schedule, warmupSteps }) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td><code>${layers}</code></td>
        <td class="number">${epochs}</td>
        <td class="number">${rate(learningRate)}</td>
        <td>${schedule}</td>
        <td class="number">${count(warmupSteps)}</td>
      </tr>`,
  );
  const { initialWeights, augmentation } = request.training;
  return table({
    caption: `Stages, one after another, from ${initialWeights.from} weights; augmentation ${augmentation === null ? 'off' : 'on'}`,
    columns: [
      'stage',
      'layers',
      ['epochs', 'number'],
      ['learning rate', 'number'],
      'schedule',
      ['warm-up steps', 'number'],
    ],
    rows,
  });
}

/** A signed URL or one with a password opens the archive to whoever reads the page. */
export function withoutSecrets(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, '$1').replace(/[?#].*$/s, '');
}

function inJson(request: unknown): string {
  const replacer = (key: string, value: unknown) =>
    key === 'url' && typeof value === 'string' ? withoutSecrets(value) : value;
  return JSON.stringify(request, replacer, 2);
}
