/**
 * A picture of a prediction: the image with the outline, box and score of each instance, and the truth's
 * outline in another colour. Every line lies on a dark halo, so that it shows on light and dark skin; blue
 * and yellow are told apart with any colour vision. Sizes scale with the picture.
 */
import sharp from 'sharp';
import { outlinePath } from './contour.ts';
import { letter } from './lettering.ts';

export interface OverlayInstance {
  /** `[height * width]` of the image, 0 outside. */
  readonly mask: Uint8Array;
  /** `(y1, x1, y2, x2)` in pixels of the image, end exclusive. */
  readonly box: readonly [number, number, number, number];
  /** Confidence, 0 to 1. */
  readonly score: number;
  readonly label: string;
}

export interface OverlayOptions {
  /** `[height, width, (r, g, b)]`, 0 to 255. */
  readonly image: { readonly pixels: Uint8Array; readonly height: number; readonly width: number };
  readonly instances: readonly OverlayInstance[];
  /** `[height * width]` of the image, 0 outside; drawn, with a legend, when given. */
  readonly truth?: Uint8Array;
  /** Written after the legend, e.g. `Jaccard 0.87`. */
  readonly caption?: string;
}

/** The longer side of the picture, in pixels: small images are enlarged, large ones made smaller. */
export const PICTURE_SIDE = { least: 768, most: 1600 } as const;

export const PREDICTION_COLOUR = '#27d3ff';
export const TRUTH_COLOUR = '#ffd92e';

/** Draws the picture and gives its PNG bytes. */
export async function drawOverlay(options: OverlayOptions): Promise<Uint8Array> {
  const { pixels, height, width } = options.image;
  const side = Math.max(height, width);
  const scale = Math.min(PICTURE_SIDE.most, Math.max(PICTURE_SIDE.least, side)) / side;
  const picture = { height: Math.round(height * scale), width: Math.round(width * scale) };
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize(picture.width, picture.height, { fit: 'fill' })
    .composite([{ input: Buffer.from(overlaySvg(options, picture)) }])
    .png()
    .toBuffer();
}

interface Size {
  readonly height: number;
  readonly width: number;
}

function overlaySvg({ image, instances, truth, caption }: OverlayOptions, picture: Size): string {
  const unit = Math.max(picture.height, picture.width) / 1000;
  const outline = (mask: Uint8Array) =>
    outlinePath({
      mask,
      height: image.height,
      width: image.width,
      pictureHeight: picture.height,
      pictureWidth: picture.width,
    });
  const parts = [
    ...(truth ? [line(outline(truth), TRUTH_COLOUR, 3.2 * unit)] : []),
    ...instances.map(({ mask }) => line(outline(mask), PREDICTION_COLOUR, 3.2 * unit)),
    ...instances.map(({ box, score, label }) => {
      const [y1, x1, y2, x2] = box;
      const scaleY = picture.height / image.height;
      const scaleX = picture.width / image.width;
      const [left, top, right, bottom] = [x1 * scaleX, y1 * scaleY, x2 * scaleX, y2 * scaleY];
      const frame = `M${left},${top}H${right}V${bottom}H${left}Z`;
      const tag = scoreTag(`${label} ${score.toFixed(2)}`, { left, top, unit, picture });
      return line(frame, PREDICTION_COLOUR, 1.6 * unit) + tag;
    }),
    ...(truth || instances.length === 0
      ? [legend(legendEntries({ instances, truth, caption }), { unit, picture })]
      : []),
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${picture.width}" height="${picture.height}">` +
    `${parts.join('')}</svg>`
  );
}

/** A coloured line on a dark halo. */
function line(path: string, colour: string, width: number): string {
  const stroke = (paint: string, strokeWidth: number, opacity: number) =>
    `<path d="${path}" fill="none" stroke="${paint}" stroke-width="${strokeWidth}" ` +
    `stroke-opacity="${opacity}" stroke-linejoin="round"/>`;
  return stroke('#000', width * 2.2, 0.55) + stroke(colour, width, 1);
}

interface TagPlace {
  readonly left: number;
  readonly top: number;
  readonly unit: number;
  readonly picture: Size;
}

/** Dark text on the prediction's colour: above the box's corner, or inside where there is no room. */
function scoreTag(text: string, { left, top, unit, picture }: TagPlace): string {
  const size = 24 * unit;
  const padding = 7 * unit;
  const height = size + padding;
  const width = letter(text, { x: 0, baseline: 0, size }).width + 2 * padding;
  const x = Math.max(0, Math.min(left, picture.width - width));
  const y = top >= height ? top - height : Math.max(0, top);
  const { path } = letter(text, { x: x + padding, baseline: y + 0.8 * height, size });
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${4 * unit}" ` +
    `fill="${PREDICTION_COLOUR}"/><path d="${path}" fill="#06222b"/>`
  );
}

interface LegendEntry {
  readonly text: string;
  /** The line's colour; `null` for text alone. */
  readonly colour: string | null;
}

function legendEntries({
  instances,
  truth,
  caption,
}: Pick<OverlayOptions, 'instances'> & {
  readonly truth: Uint8Array | undefined;
  readonly caption: string | undefined;
}): LegendEntry[] {
  return [
    instances.length === 0
      ? { text: 'nothing found', colour: null }
      : { text: 'prediction', colour: PREDICTION_COLOUR },
    ...(truth ? [{ text: 'truth', colour: TRUTH_COLOUR }] : []),
    ...(caption === undefined ? [] : [{ text: caption, colour: null }]),
  ];
}

/** What the colours mean, and the caption, in the lower left corner. */
function legend(
  entries: readonly LegendEntry[],
  { unit, picture }: { readonly unit: number; readonly picture: Size },
): string {
  const size = 22 * unit;
  const gap = 14 * unit;
  const height = 40 * unit;
  const top = picture.height - height - gap;
  const baseline = top + 0.5 * height + 0.36 * size;
  let x = 2 * gap;
  const drawn = entries.map(({ text, colour }) => {
    let swatch = '';
    if (colour !== null) {
      const middle = top + 0.5 * height;
      swatch = `<path d="M${x},${middle}h${26 * unit}" stroke="${colour}" stroke-width="${5 * unit}"/>`;
      x += 26 * unit + 0.6 * gap;
    }
    const { path, width } = letter(text, { x, baseline, size });
    x += width + 1.6 * gap;
    return `${swatch}<path d="${path}" fill="#fff"/>`;
  });
  const width = x - 1.6 * gap;
  return (
    `<rect x="${gap}" y="${top}" width="${width}" height="${height}" rx="${6 * unit}" ` +
    `fill="#000" fill-opacity="0.62"/>${drawn.join('')}`
  );
}
