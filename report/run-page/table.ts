/** A table with a caption and heads, which scrolls by itself where it is wider than the page. */
import { html, type Html } from './html.ts';

export interface TableOptions {
  readonly caption: string;
  /** Names of the columns; of numbers, with the word `number` beside the name. */
  readonly columns: readonly (string | readonly [name: string, kind: 'number'])[];
  /** `<tr>`s, the first cell of each a `<th scope="row">`. */
  readonly rows: readonly (Html | undefined)[];
  /** On a phone: `stack` puts a row's cells below each other, `scores` its name above its numbers. */
  readonly className?: 'stack' | 'scores';
}

export function table({ caption, columns, rows, className }: TableOptions): Html {
  const heads = columns.map((column) =>
    typeof column === 'string'
      ? html`<th scope="col">${column}</th>`
      : html`<th scope="col" class="${column[1]}">${column[0]}</th>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table class="${className}">
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}
