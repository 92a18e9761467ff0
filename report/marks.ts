/** What is drawn over images: lines on a dark halo, so that they show on light and dark skin, and labels. */
import type { Box } from '../maskrcnn/shapes.ts';
import { onCanvas, type Canvas } from './drawing.ts';
import { letter, textElement } from './lettering.ts';

/** Of outlines that are known to be right. */
export const TRUTH_COLOUR = '#ffd92e';

export interface LineStyle {
  /** `#rrggbb` */
  readonly colour: string;
  /** In units of the canvas. */
  readonly width: number;
  /** @default solid */
  readonly stroke?: 'solid' | 'dashed';
  /** 0 to 1. @default 1 */
  readonly opacity?: number;
  /** The element's class in the SVG, to find it again. */
  readonly className?: string;
}

/** Lengths of stroke and gap, in widths of the line. */
const DASHES = { solid: undefined, dashed: [3.5, 2.5] } as const;

/** A coloured line on a dark halo; `path` is in drawn pixels. */
export function line(path: string, style: LineStyle, { unit }: Pick<Canvas, 'unit'>): string {
  const { colour, stroke = 'solid', opacity = 1, className } = style;
  const width = style.width * unit;
  const dash = DASHES[stroke]?.map((length) => (length * width).toFixed(2)).join(' ');
  const shape =
    ` d="${path}" fill="none" stroke-linejoin="round"` +
    (dash === undefined ? '' : ` stroke-dasharray="${dash}"`);
  const named = className === undefined ? '' : ` class="${className}"`;
  return (
    `<path${shape} stroke="#000" stroke-width="${width * 2.2}" stroke-opacity="${0.55 * opacity}"/>` +
    `<path${named}${shape} stroke="${colour}" stroke-width="${width}" stroke-opacity="${opacity}"/>`
  );
}

/** The area inside `path`, tinted; holes stay clear. */
export function tint(path: string, colour: string, opacity = 0.35): string {
  return `<path class="tint" d="${path}" fill="${colour}" fill-opacity="${opacity}" fill-rule="evenodd"/>`;
}

/** Path around a box of the image, in pixels. */
export function framePath(canvas: Canvas, box: Box): string {
  const [top, left, bottom, right] = onCanvas(canvas, box);
  return `M${left},${top}H${right}V${bottom}H${left}Z`;
}

export interface Label {
  readonly text: string;
  readonly colour: string;
  /** The box that is labelled, in pixels of the image. */
  readonly box: Box;
  /** In units of the canvas. @default 24 */
  readonly size?: number;
}

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Dark text on the label's colour: above each box's corner, inside where there is no room, further down
 * where another label lies already.
 */
export function labels(canvas: Canvas, all: readonly Label[]): string[] {
  const placed: Placed[] = [];
  return all.map((label) => {
    const size = (label.size ?? 24) * canvas.unit;
    const padding = 0.3 * size;
    const height = size + padding;
    const width = letter(label.text, { x: 0, baseline: 0, size }).width + 2 * padding;
    const place = freePlace(canvas, { label, placed, size: { height, width } });
    placed.push(place);
    const { x, y } = place;
    const text = textElement(label.text, {
      x: x + padding,
      baseline: y + 0.8 * height,
      size,
      fill: '#06222b',
      className: 'label',
    });
    return (
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${4 * canvas.unit}" ` +
      `fill="${label.colour}"/>${text}`
    );
  });
}

function freePlace(
  { margin, ...canvas }: Canvas,
  options: {
    readonly label: Label;
    readonly placed: readonly Placed[];
    readonly size: { readonly height: number; readonly width: number };
  },
): Placed {
  const { label, placed, size } = options;
  const [top, left] = onCanvas({ margin, ...canvas }, label.box);
  const lowest = canvas.height + margin - size.height;
  const x = Math.max(-margin, Math.min(left, canvas.width + margin - size.width));
  const above = top - size.height >= -margin ? top - size.height : Math.max(-margin, top);
  const wanted = { ...size, x, y: Math.min(above, lowest) };
  for (let y = wanted.y; y <= lowest; y += 0.25 * size.height) {
    const place = { ...wanted, y };
    if (!placed.some((other) => overlap(place, other))) return place;
  }
  return wanted;
}

const overlap = (a: Placed, b: Placed) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

export interface LegendEntry {
  readonly text: string;
  /** The line's colour; `null` for text alone. */
  readonly colour: string | null;
}

/** What the colours mean, in the lower left corner; nothing without entries. */
export function legend(canvas: Canvas, entries: readonly LegendEntry[]): string {
  if (entries.length === 0) return '';
  const { unit } = canvas;
  const size = 22 * unit;
  const gap = 14 * unit;
  const height = 40 * unit;
  const top = canvas.height + canvas.margin - height - gap;
  const start = gap - canvas.margin;
  const baseline = top + 0.5 * height + 0.36 * size;
  let x = start + gap;
  const drawn = entries.map(({ text, colour }) => {
    let swatch = '';
    if (colour !== null) {
      const middle = top + 0.5 * height;
      swatch = `<path d="M${x},${middle}h${26 * unit}" stroke="${colour}" stroke-width="${5 * unit}"/>`;
      x += 26 * unit + 0.6 * gap;
    }
    const words = textElement(text, { x, baseline, size, fill: '#fff', className: 'legend' });
    x += letter(text, { x, baseline, size }).width + 1.6 * gap;
    return swatch + words;
  });
  const width = x - 0.6 * gap - start;
  return (
    `<rect x="${start}" y="${top}" width="${width}" height="${height}" rx="${6 * unit}" ` +
    `fill="#000" fill-opacity="0.62"/>${drawn.join('')}`
  );
}
