/**
 * Drawings: SVG elements on a canvas of fixed size, images embedded. One drawing serves as SVG (sharp at any
 * size, opens in a browser) and as PNG, and drawings are put into each other as tiles.
 */
import sharp from 'sharp';
import type { Box } from '../maskrcnn/shapes.ts';
import { textElement } from './lettering.ts';

export interface RgbPicture {
  /** `[height, width, (r, g, b)]`, 0 to 255. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

export interface Drawing {
  /** In pixels. */
  readonly height: number;
  readonly width: number;
  /** SVG elements in these pixels. Text is set as paths. */
  readonly elements: string;
}

/** Where an image lies in its drawing: marks are placed in drawn pixels from the image's upper left corner. */
export interface Canvas {
  readonly image: RgbPicture;
  /** Size of the image as drawn, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Free border around the image, for boxes that reach outside. */
  readonly margin: number;
  /** A thousandth of the longer side: widths of lines and sizes of letters are multiples of it. */
  readonly unit: number;
}

/** The longer side of the picture, in pixels: small images are enlarged, large ones made smaller. */
export const PICTURE_SIDE = { least: 768, most: 1600 } as const;

/** Below this side lines and letters no longer shrink with the picture. */
const SMALLEST_UNIT_SIDE = 800;

export interface CanvasOptions {
  readonly least: number;
  readonly most: number;
  /** Border as a share of the longer side. @default 0 */
  readonly margin?: number;
}

export function canvasFor(
  image: RgbPicture,
  { least, most, margin = 0 }: CanvasOptions = PICTURE_SIDE,
): Canvas {
  const side = Math.max(image.height, image.width);
  const scale = Math.min(most, Math.max(least, side)) / side;
  const drawn = side * scale;
  return {
    image,
    height: Math.max(1, Math.round(image.height * scale)),
    width: Math.max(1, Math.round(image.width * scale)),
    margin: Math.round(margin * drawn),
    unit: Math.max(SMALLEST_UNIT_SIDE, drawn) / 1000,
  };
}

/** A box of the image, in pixels, as it lies on the canvas. */
export function onCanvas({ image, ...drawn }: Canvas, [y1, x1, y2, x2]: Box): Box {
  const scaleY = drawn.height / image.height;
  const scaleX = drawn.width / image.width;
  return [y1 * scaleY, x1 * scaleX, y2 * scaleY, x2 * scaleX];
}

/** The canvas' image under `marks`; the margin is dark, so that bright lines show on it too. */
export async function drawOnImage(canvas: Canvas, marks: readonly string[]): Promise<Drawing> {
  const { image, height, width, margin } = canvas;
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  const png = await sharp(image.pixels, { raw })
    .resize(width, height, { fit: 'fill' })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const outer = { height: height + 2 * margin, width: width + 2 * margin };
  const ground =
    margin === 0 ? '' : `<rect width="${outer.width}" height="${outer.height}" fill="#1d2329"/>`;
  return {
    ...outer,
    // An inner `svg` cuts off what reaches further than the margin.
    elements:
      `<svg width="${outer.width}" height="${outer.height}">` +
      `${ground}<g transform="translate(${margin},${margin})">` +
      `<image width="${width}" height="${height}" preserveAspectRatio="none" ` +
      `href="data:image/png;base64,${png.toString('base64')}"/>${marks.join('')}</g></svg>`,
  };
}

const TITLE = { size: 26, strip: 44, paper: '#fff', ink: '#1b2126' } as const;

/** The drawing below a line of text, which shrinks where it would be cut. */
export function titled(drawing: Drawing, text: string): Drawing {
  const unit = Math.max(SMALLEST_UNIT_SIDE, drawing.width) / 1000;
  const strip = Math.ceil(TITLE.strip * unit);
  const size = TITLE.size * unit;
  const line = textElement(text, {
    x: 0.02 * drawing.width,
    baseline: 0.5 * strip + 0.36 * size,
    size,
    fill: TITLE.ink,
    room: 0.96 * drawing.width,
    className: 'title',
  });
  return {
    height: drawing.height + strip,
    width: drawing.width,
    elements:
      `<rect width="${drawing.width}" height="${strip}" fill="${TITLE.paper}"/>` +
      line +
      `<g transform="translate(0,${strip})">${drawing.elements}</g>`,
  };
}

/** A whole SVG document. */
export function svgOf({ height, width, elements }: Drawing): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}">${elements}</svg>`
  );
}

/** PNG bytes, a pixel for a pixel of the drawing. */
export async function pngOf(drawing: Drawing): Promise<Uint8Array> {
  // Embedded images are longer than the 10 MB that libxml2 else allows a text.
  return sharp(Buffer.from(svgOf(drawing)), { unlimited: true })
    .removeAlpha()
    .png()
    .toBuffer();
}
