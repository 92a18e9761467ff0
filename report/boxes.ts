/**
 * Boxes over an image, before and after refinement: `draw_boxes` of mrcnn/visualize.py. Boxes are dashed,
 * refined ones solid, and a line joins the corners of the two. Boxes may reach outside of the image.
 */
import type { Box } from '../maskrcnn/shapes.ts';
import { distinctColours } from './colours.ts';
import { maskPath } from './contour.ts';
import {
  canvasFor,
  drawOnImage,
  onCanvas,
  PICTURE_SIDE,
  titled,
  type Canvas,
  type Drawing,
  type RgbPicture,
} from './drawing.ts';
import { framePath, labels, line, tint, TRUTH_COLOUR } from './marks.ts';

/** How a box stands out: grey and faint, dashed in its colour, or solid in its colour. */
export type Prominence = 'faint' | 'normal' | 'strong';

export interface DrawnBox {
  /** Pixels of the image. */
  readonly box: Box;
  readonly refined?: Box;
  readonly caption?: string;
  /** @default normal */
  readonly prominence?: Prominence;
  /** `[height * width]` of the image, 0 outside. */
  readonly mask?: Uint8Array;
  /** `#rrggbb` @default a distinct one */
  readonly colour?: string;
}

export interface BoxesOptions {
  readonly image: RgbPicture;
  readonly boxes: readonly DrawnBox[];
  /** Masks `[height * width]` that are outlined below the boxes. @default none */
  readonly truth?: readonly Uint8Array[];
  readonly title?: string;
  /** Border around the image, as a share of its longer side. @default 0.1 */
  readonly margin?: number;
  /** Longer side of the picture, in pixels. */
  readonly side?: { readonly least: number; readonly most: number };
  /** Seed of the colours. */
  readonly seed?: number;
}

const GREY = '#c9ced3';

export async function drawBoxes(options: BoxesOptions): Promise<Drawing> {
  const { image, boxes, title, margin = 0.1, side = PICTURE_SIDE, seed } = options;
  const canvas = canvasFor(image, { ...side, margin });
  const colours = distinctColours(boxes.length, seed);
  const shown = boxes
    .map((box, index) => ({
      ...box,
      colour: box.prominence === 'faint' ? GREY : (box.colour ?? colours[index] ?? GREY),
    }))
    .filter(({ box }) => box.some((value) => value !== 0))
    .sort((a, b) => rank(a) - rank(b));
  const marks = [
    ...(options.truth ?? []).map((mask) =>
      line(
        maskPath(canvas, mask),
        { colour: TRUTH_COLOUR, width: 2.4, className: 'truth' },
        canvas,
      ),
    ),
    ...shown.map((box) => maskMarks(canvas, box)),
    ...shown.map((box) => boxMarks(canvas, box)),
    ...labels(
      canvas,
      shown.flatMap(({ caption: text, colour, box, refined = box }) =>
        text === undefined ? [] : [{ text, colour, box: refined, size: 20 }],
      ),
    ),
  ];
  const drawing = await drawOnImage(canvas, marks);
  return title === undefined ? drawing : titled(drawing, title);
}

interface ColouredBox extends DrawnBox {
  readonly colour: string;
}

/** What stands out is drawn last. */
const rank = ({ prominence = 'normal' }: DrawnBox) =>
  ({ faint: 0, normal: 1, strong: 2 })[prominence];

function maskMarks(canvas: Canvas, { mask, colour }: ColouredBox): string {
  if (mask === undefined) return '';
  const outline = maskPath(canvas, mask);
  return tint(outline, colour) + line(outline, { colour, width: 2, className: 'contour' }, canvas);
}

function boxMarks(canvas: Canvas, box: ColouredBox): string {
  const { colour, refined, prominence = 'normal' } = box;
  const before = line(
    framePath(canvas, box.box),
    {
      colour,
      width: prominence === 'faint' ? 1.6 : 2.2,
      stroke: prominence === 'strong' ? 'solid' : 'dashed',
      opacity: prominence === 'faint' ? 0.75 : 1,
      className: `box ${prominence}`,
    },
    canvas,
  );
  if (refined === undefined || prominence === 'faint') return before;
  const after = line(
    framePath(canvas, refined),
    { colour, width: 2, className: 'refined' },
    canvas,
  );
  const [y1, x1] = onCanvas(canvas, box.box);
  const [ry1, rx1] = onCanvas(canvas, refined);
  const joint = line(`M${x1},${y1}L${rx1},${ry1}`, { colour, width: 1.4 }, canvas);
  return before + after + joint;
}
