/** A few large numbers in a row, each with its name. */
import { html, type Html } from './html.ts';

/** Facts that are not known are left out. */
export function factList(
  facts: readonly (readonly [name: string, value: string | undefined])[],
): Html {
  const known = facts.filter(([, value]) => value !== undefined);
  return html`<dl class="facts">
    ${known.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
