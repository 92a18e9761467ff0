/**
 * A picture of an ISIC prediction: the image with the outline, box and score of each instance, and the
 * truth's outline in another colour. Blue and yellow are told apart with any colour vision. Sizes scale
 * with the picture.
 */
import type { Box } from '../maskrcnn/shapes.ts';
import { maskPath } from './contour.ts';
import { canvasFor, drawOnImage, pngOf, type RgbPicture } from './drawing.ts';
import { framePath, labels, legend, line, TRUTH_COLOUR, type LegendEntry } from './marks.ts';

export interface OverlayInstance {
  /** `[height * width]` of the image, 0 outside. */
  readonly mask: Uint8Array;
  /** `(y1, x1, y2, x2)` in pixels of the image, end exclusive. */
  readonly box: Box;
  /** Confidence, 0 to 1. */
  readonly score: number;
  readonly label: string;
}

export interface OverlayOptions {
  readonly image: RgbPicture;
  readonly instances: readonly OverlayInstance[];
  /** `[height * width]` of the image, 0 outside; drawn, with a legend, when given. */
  readonly truth?: Uint8Array;
  /** Written after the legend, e.g. `Jaccard 0.87`. */
  readonly caption?: string;
}

export const PREDICTION_COLOUR = '#27d3ff';

/** Draws the picture and gives its PNG bytes. */
export async function drawOverlay(options: OverlayOptions): Promise<Uint8Array> {
  const { image, instances, truth } = options;
  const canvas = canvasFor(image);
  const outline = (mask: Uint8Array, colour: string) =>
    line(maskPath(canvas, mask), { colour, width: 3.2 }, canvas);
  const frame = (box: Box) =>
    line(framePath(canvas, box), { colour: PREDICTION_COLOUR, width: 1.6 }, canvas);
  const marks = [
    ...(truth ? [outline(truth, TRUTH_COLOUR)] : []),
    ...instances.map(({ mask }) => outline(mask, PREDICTION_COLOUR)),
    ...instances.map(({ box }) => frame(box)),
    ...labels(
      canvas,
      instances.map(({ box, score, label }) => ({
        text: `${label} ${score.toFixed(2)}`,
        colour: PREDICTION_COLOUR,
        box,
      })),
    ),
    ...(truth || instances.length === 0 ? [legend(canvas, legendEntries(options))] : []),
  ];
  return pngOf(await drawOnImage(canvas, marks));
}

function legendEntries({ instances, truth, caption }: OverlayOptions): LegendEntry[] {
  return [
    instances.length === 0
      ? { text: 'nothing found', colour: null }
      : { text: 'prediction', colour: PREDICTION_COLOUR },
    ...(truth ? [{ text: 'truth', colour: TRUTH_COLOUR }] : []),
    ...(caption === undefined ? [] : [{ text: caption, colour: null }]),
  ];
}
