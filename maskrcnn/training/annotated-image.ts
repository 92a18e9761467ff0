/** One image with its truth, at training size: what a data set gives to the model library. */

export interface GroundTruthInstance {
  /** 1-based; 0 is the background. */
  readonly classId: number;
  /** `[height * width]`, row by row, 1 inside the instance and 0 outside. */
  readonly mask: Uint8Array;
}

export interface AnnotatedImage {
  readonly id: string;
  readonly height: number;
  readonly width: number;
  /** `[height, width, (r, g, b)]`, 0 to 255. */
  readonly pixels: Uint8Array;
  /** The part that is image and not padding: `(y1, x1, y2, x2)` in pixels, end exclusive. */
  readonly window: readonly [number, number, number, number];
  /** Size before resizing and padding: `(height, width)`. */
  readonly originalSize: readonly [number, number];
  /** Resized by this factor. */
  readonly scale: number;
  readonly instances: readonly GroundTruthInstance[];
}
