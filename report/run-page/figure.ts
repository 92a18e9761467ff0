/**
 * Charts inside of the page: Plot's SVG as it is, with the page's letters and, through CSS variables, its colours by
 * day and by night. What it shows is said in words for those who do not see it.
 */
import { plotElement } from '../plots/chart.ts';
import { Html, html } from './html.ts';

export interface FigureOptions {
  readonly title: string;
  /** What is seen in it, for a screen reader. */
  readonly alt: string;
  /** What to look for. */
  readonly caption?: Html | string;
  /** Names of lines and marks with the class of their colour. */
  readonly legend?: readonly (readonly [className: string, name: string])[];
  readonly chart: Html;
  readonly className?: string;
}

export function figure({
  title,
  alt,
  caption,
  legend = [],
  chart,
  className,
}: FigureOptions): Html {
  const keys = legend.map(
    ([colour, name]) =>
      html`<li><span class="key ${colour}" aria-hidden="true"></span>${name}</li>`,
  );
  return html`<figure class="chart ${className}">
    <h3>${title}</h3>
    ${
      keys.length > 0
        ? html`<ul class="legend">
            ${keys}
          </ul>`
        : undefined
    }
    <div role="img" aria-label="${alt}">${chart}</div>
    ${caption === undefined ? undefined : html`<figcaption>${caption}</figcaption>`}
  </figure>`;
}

/** So many pixels are a chart's width on a phone, and a third of the page on a desk. */
export const CHART = { width: 344, height: 232 } as const;

export interface ChartSize {
  readonly width?: number;
  readonly height?: number;
}

/** `options` are Plot's own; colours are given as `var(--name)`. */
export function plot(options: Readonly<Record<string, unknown>>): Html {
  const { svg } = plotElement({
    ...CHART,
    marginLeft: 44,
    marginRight: 14,
    marginTop: 14,
    marginBottom: 40,
    fontSize: 12,
    ...options,
  });
  const { width, height } = { ...CHART, ...options };
  return new Html(
    `<svg viewBox="0 0 ${String(width)} ${String(height)}" width="${String(width)}" ` +
      `height="${String(height)}" font-size="12" text-anchor="middle" fill="currentColor" ` +
      `aria-hidden="true">${svg.innerHTML}</svg>`,
  );
}

/** Axes as all charts here have them. */
export const axis = { labelArrow: 'none', labelAnchor: 'center', tickSize: 0, grid: true } as const;
