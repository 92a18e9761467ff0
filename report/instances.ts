/**
 * Instances over their image, each in a colour of its own: mask tinted and outlined, box dashed, class and
 * score as label. `display_instances` of mrcnn/visualize.py.
 */
import type { Box } from '../maskrcnn/shapes.ts';
import { distinctColours } from './colours.ts';
import { maskPath } from './contour.ts';
import { canvasFor, drawOnImage, titled, type Drawing, type RgbPicture } from './drawing.ts';
import { framePath, labels, legend, line, tint } from './marks.ts';

export interface DrawnInstance {
  /** `[height * width]` of the image, 0 outside. */
  readonly mask: Uint8Array;
  /** Pixels of the image; an instance whose box is all zeros (lost in cropping) is left out. */
  readonly box: Box;
  /** 1-based; 0 is the background. */
  readonly classId: number;
  /** Confidence, 0 to 1; truth has none. */
  readonly score?: number;
}

export interface InstancesOptions {
  readonly image: RgbPicture;
  readonly instances: readonly DrawnInstance[];
  /** Background first. */
  readonly classNames: readonly string[];
  readonly title?: string;
  /** `#rrggbb` for each instance. @default distinct ones */
  readonly colours?: readonly string[] | undefined;
  /** For each instance, empty for none. @default class and score */
  readonly captions?: readonly string[];
  /** @default true */
  readonly showMasks?: boolean;
  /** @default true */
  readonly showBoxes?: boolean;
  /** Longer side of the picture, in pixels. */
  readonly side?: { readonly least: number; readonly most: number };
}

/** Without instances the picture says "no instances". */
export async function drawInstances(options: InstancesOptions): Promise<Drawing> {
  const { image, instances, classNames, title, showMasks = true, showBoxes = true } = options;
  const colours = options.colours ?? distinctColours(instances.length);
  const canvas = canvasFor(image, options.side);
  const shown = instances
    .map((instance, index) => ({
      ...instance,
      colour: colours[index] ?? '#ffffff',
      caption: options.captions?.[index] ?? captionOf(instance, classNames),
    }))
    .filter(({ box }) => box.some((value) => value !== 0))
    .map((instance) => ({ ...instance, outline: maskPath(canvas, instance.mask) }));

  const marks = [
    ...(showMasks ? shown.map(({ outline, colour }) => tint(outline, colour)) : []),
    ...shown.map(({ outline, colour }) =>
      line(outline, { colour, width: 2.4, className: 'contour' }, canvas),
    ),
    ...(showBoxes
      ? shown.map(({ box, colour }) =>
          line(
            framePath(canvas, box),
            { colour, width: 2, stroke: 'dashed', opacity: 0.8, className: 'box' },
            canvas,
          ),
        )
      : []),
    ...labels(
      canvas,
      shown.flatMap(({ caption: text, colour, box }) =>
        text === '' ? [] : [{ text, colour, box }],
      ),
    ),
    ...(shown.length === 0 ? [legend(canvas, [{ text: 'no instances', colour: null }])] : []),
  ];
  const drawing = await drawOnImage(canvas, marks);
  return title === undefined ? drawing : titled(drawing, title);
}

function captionOf({ classId, score }: DrawnInstance, classNames: readonly string[]): string {
  const name = className(classNames, classId);
  return score === undefined ? name : `${name} ${score.toFixed(3)}`;
}

/** A class that has no name is called by its number. */
export function className(classNames: readonly string[], classId: number): string {
  return classNames[classId] ?? `class ${String(classId)}`;
}
