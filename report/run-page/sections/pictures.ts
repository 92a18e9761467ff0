/** Outlines beside the truth: the best, some from the middle, and the worst. */
import type { Picture, RunFacts } from '../facts.ts';
import { html, type Html } from '../html.ts';
import { score } from '../words.ts';

export function pictures(facts: RunFacts): Html {
  const groups = groupsOf(facts);
  const content =
    groups.length === 0
      ? html`<p class="soft">None were stored (evaluation.overlays is 0).</p>`
      : html`<p>
            <span class="swatch prediction">Blue</span> is the model’s outline and box,
            <span class="swatch truth">yellow</span> the expert’s. Numbers hide what kind of mistake
            is made: in the worst ones look for hair, rulers, dark corners, low contrast, and for
            truths that are themselves in doubt.
          </p>
          ${groups}`;
  return html`<section class="card" id="pictures">
    <h2>Pictures</h2>
    ${content}
  </section>`;
}

function groupsOf({ overlays, evaluation }: RunFacts): Html[] {
  const { length } = overlays;
  // As trainer/tasks/choose-overlays.ts chose them, best first.
  const best = Math.ceil(length / 3);
  const worst = Math.floor(length / 3);
  const of = new Map(evaluation?.images.map((image) => [image.id, image]));
  const groups: readonly (readonly [string, readonly Picture[]])[] = [
    ['The worst', overlays.slice(length - worst).reverse()],
    ['In the middle', overlays.slice(best, length - worst)],
    ['The best', overlays.slice(0, best)],
  ];
  return groups
    .filter(([, some]) => some.length > 0)
    .map(
      ([title, some]) =>
        html`<h3>${title}</h3>
          <div class="pictures">
            ${some.map((picture) => {
              const image = of.get(picture.id);
              const jaccard = image === undefined ? '–' : score(image.scores.jaccard);
              const found =
                image?.confidence == null
                  ? 'nothing found'
                  : `confidence ${image.confidence.toFixed(2)}`;
              return html`<figure>
                <img
                  src="${picture.source}"
                  width="${picture.width}"
                  height="${picture.height}"
                  alt="Skin lesion ${picture.id} with the model's outline and the expert's; Jaccard index ${jaccard}, ${found}"
                />
                <figcaption><strong>${jaccard}</strong> · ${found}<br />${picture.id}</figcaption>
              </figure>`;
            })}
          </div>`,
    );
}
