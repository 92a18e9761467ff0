/**
 * From the network's output to instances in pixels of the image itself: `unmold_detections` of
 * mrcnn/model.py.
 */
import { denormBoxes, normBoxes } from '../boxes/normalisation.ts';
import { pasteMask } from '../masks/paste-mask.ts';
import type { Box, Size } from '../shapes.ts';

export interface Detection {
  /** Pixels of the image, `(y2, x2)` exclusive. */
  readonly box: Box;
  /** 1-based; 0 would be the background. */
  readonly classId: number;
  /** 0 to 1. */
  readonly score: number;
  /** `[height * width]` of the image, 1 inside the instance and 0 outside. */
  readonly mask: Uint8Array;
}

/** What the network gives for one image, on the host; see `DetectionOutput`. */
export interface RawDetections {
  /** `[D * (y1, x1, y2, x2, classId, score)]`, normalised. */
  readonly detections: ArrayLike<number>;
  /** `[D * h * w]` */
  readonly masks: Float32Array;
}

export interface UnmoldOptions {
  /** Height and width of the network's input. */
  readonly size: Size;
  /** The part of the input that is image, in its pixels. */
  readonly window: Box;
  readonly maskSize: Size;
  /** Height and width of the image itself. */
  readonly imageSize: Size;
}

/** Detections in pixels of the image itself, with pasted masks; boxes that round to nothing are dropped. */
export function unmoldDetections(
  { detections, masks }: RawDetections,
  { size, window, maskSize, imageSize }: UnmoldOptions,
): Detection[] {
  const inWindow = normBoxes(Float64Array.from(window), size);
  const maskLength = maskSize[0] * maskSize[1];
  const found: Detection[] = [];
  for (let row = 0; row * 6 < detections.length; row++) {
    const at = (column: number) => detections[row * 6 + column] ?? 0;
    if (at(4) === 0) break;
    const box = toImage([at(0), at(1), at(2), at(3)], { inWindow, imageSize });
    if ((box[2] - box[0]) * (box[3] - box[1]) <= 0) continue;
    const mask = masks.subarray(row * maskLength, (row + 1) * maskLength);
    found.push({
      box,
      classId: at(4),
      score: at(5),
      mask: pasteMask({ mask, maskSize, box, imageSize }),
    });
  }
  return found;
}

/** From the network's normalised input to whole pixels of the image, in float32 as the reference does. */
function toImage(
  box: Box,
  { inWindow, imageSize }: { readonly inWindow: Float32Array; readonly imageSize: Size },
): Box {
  const [top = 0, left = 0, bottom = 1, right = 1] = inWindow;
  const shift = [top, left, top, left] as const;
  const scale = [bottom - top, right - left, bottom - top, right - left] as const;
  const inside = Float32Array.from(box, (value, i) =>
    Math.fround(Math.fround(value - (shift[i] ?? 0)) / Math.fround(scale[i] ?? 1)),
  );
  const [y1 = 0, x1 = 0, y2 = 0, x2 = 0] = denormBoxes(inside, imageSize);
  return [y1, x1, y2, x2];
}
