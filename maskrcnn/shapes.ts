/**
 * Legend of the axis letters used in docstrings, and the flavours that keep coordinate systems apart.
 *
 * | letter | axis |
 * |---|---|
 * | B | images of a batch |
 * | H, W | height and width of the molded image, pixels |
 * | h, w | height and width of a feature map, a pooled RoI or a (mini-)mask |
 * | A | anchors of the whole pyramid |
 * | P | proposals: RoIs that the RPN hands on |
 * | R | RoIs that a training step looks at (`trainRoisPerImage`) |
 * | D | slots for detections (`detectionMaxInstances`) |
 * | G | slots for ground-truth instances (`maxGtInstances`) |
 * | C | classes, background included |
 * | N | any number of rows |
 *
 * Boxes are `(y1, x1, y2, x2)` everywhere; plain arrays hold them row by row, four numbers a box.
 */

/** A box or a window in pixels, `(y2, x2)` exclusive; or normalised, see `NormBoxes`. */
export type Box = readonly [y1: number, x1: number, y2: number, x2: number];

/** `(height, width)` in pixels. */
export type Size = readonly [height: number, width: number];

/** Boxes in a plain array, `[N * 4]`. */
export type BoxArray = Float32Array | Float64Array | Int32Array;

declare const coordinates: unique symbol;

/**
 * Boxes (a tensor or a plain array) in pixels, `(y2, x2)` just outside of the box. The mark exists in
 * types only: unmarked values may be passed, but a `NormBoxes` does not compile here.
 */
export type PixelBoxes<T> = T & { readonly [coordinates]?: 'pixels' };

/**
 * Boxes divided by (size - 1), so that the image spans 0 to 1 and `(y2, x2)` is inside of the box.
 * Anchors and predictions may reach outside of 0 to 1.
 */
export type NormBoxes<T> = T & { readonly [coordinates]?: 'normalised' };
