/**
 * Charts as drawings: Observable Plot on linkedom's document, no browser and no canvas. Text becomes paths,
 * since Plot's `<text>` would be drawn with the machine's fonts, and a container often has none.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Drawing } from '../drawing.ts';
import { letter, textElement } from '../lettering.ts';

export interface ChartOptions {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** Over the chart. */
  readonly title?: string;
  readonly fontSize?: number;
  readonly [option: string]: unknown;
}

export const INK = '#1b2126';
const TITLE_STRIP = 2.6;

/** What linkedom gives and this folder uses of an element. */
export interface Element {
  readonly outerHTML: string;
  readonly innerHTML: string;
  readonly textContent: string;
  readonly parentNode: Element | null;
  getAttribute?(name: string): string | null;
  setAttribute(name: string, value: string): void;
  querySelectorAll(selector: string): Iterable<Element>;
  replaceWith(element: Element): void;
}

interface Document {
  createElementNS(namespace: string, name: string): Element;
}

/** Plot's SVG element without the style sheet that it brings along. `options` are Plot's own. */
export function plotElement({
  fontSize,
  ...options
}: Readonly<Record<string, unknown>> & { readonly fontSize: number }): {
  readonly svg: Element;
  readonly document: Document;
} {
  const { document } = parseHTML('<html></html>') as unknown as { readonly document: Document };
  const svg = Plot.plot({
    ...options,
    document: document as never,
    style: { fontSize: `${fontSize}px` },
  }) as unknown as Element;
  svg.setAttribute('font-size', String(fontSize));
  for (const style of [...svg.querySelectorAll('style')]) {
    style.replaceWith(document.createElementNS(SVG, 'g'));
  }
  return { svg, document };
}

/** `options` are Plot's own. */
export function chart({ title, fontSize = 13, ...options }: ChartOptions): Drawing {
  const { svg, document } = plotElement({ ...options, fontSize });
  for (const text of [...svg.querySelectorAll('text')]) outline(text, document, fontSize);
  const strip = title === undefined ? 0 : TITLE_STRIP * fontSize;
  const heading =
    title === undefined
      ? ''
      : textElement(title, {
          x: fontSize,
          baseline: 1.8 * fontSize,
          size: 1.25 * fontSize,
          fill: INK,
          room: options.width - 2 * fontSize,
          className: 'title',
        });
  const size = { width: options.width, height: options.height + strip };
  return {
    ...size,
    elements:
      `<rect width="${size.width}" height="${size.height}" fill="#fff"/>${heading}` +
      `<g transform="translate(0,${strip})" fill="${INK}" color="${INK}">${svg.innerHTML}</g>`,
  };
}

const SVG = 'http://www.w3.org/2000/svg';

/** Replaces one of Plot's texts (one line, placed by `transform`, `x`, `y` in em, `text-anchor`) by a path. */
function outline(text: Element, document: Document, chartSize: number): void {
  const inherited = (name: string) => {
    for (let at: Element | null = text; at?.getAttribute; at = at.parentNode) {
      const value = at.getAttribute(name);
      if (value !== null) return value;
    }
    return null;
  };
  const size = Number.parseFloat(inherited('font-size') ?? '') || chartSize;
  const down = Number.parseFloat(text.getAttribute?.('y') ?? '') || 0;
  const { path, width } = letter(text.textContent, { x: 0, baseline: 0, size });
  const anchor = { end: -width, start: 0 }[inherited('text-anchor') ?? ''] ?? -width / 2;
  const shape = document.createElementNS(SVG, 'path');
  shape.setAttribute('d', path);
  shape.setAttribute('aria-label', text.textContent);
  shape.setAttribute('stroke', 'none');
  const place = text.getAttribute?.('transform') ?? '';
  shape.setAttribute('transform', `${place} translate(${anchor},${down * size})`.trim());
  const fill = text.getAttribute?.('fill');
  if (fill) shape.setAttribute('fill', fill);
  text.replaceWith(shape);
}
