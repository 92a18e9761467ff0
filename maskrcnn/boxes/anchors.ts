/**
 * Anchors of the feature pyramid: Faster R-CNN (Ren et al., 2015), section 3.1.1, with one scale a level
 * as in FPN (Lin et al., 2017); `generate_pyramid_anchors` of mrcnn/utils.py.
 *
 * Centres lie at multiples of the stride (no half-stride shift) and nothing is clipped, as in the
 * reference. Order: level, row, column, ratio.
 */
import type { MaskRcnnConfig } from '../config.ts';
import type { NormBoxes, PixelBoxes, Size } from '../shapes.ts';
import { normBoxes } from './normalisation.ts';

/** Height and width of the feature maps P2…P6 for an image of `size`. */
export function pyramidSizes(
  { backboneStrides }: Pick<MaskRcnnConfig, 'backboneStrides'>,
  [height, width]: Size,
): Size[] {
  return backboneStrides.map((stride) => [Math.ceil(height / stride), Math.ceil(width / stride)]);
}

/** Number of anchors (A) of an image of `size`. */
export function anchorCount(config: MaskRcnnConfig, size: Size): number {
  const { rpnAnchorRatios, rpnAnchorStride: stride } = config;
  const cells = pyramidSizes(config, size).map(
    ([height, width]) => Math.ceil(height / stride) * Math.ceil(width / stride),
  );
  return rpnAnchorRatios.length * cells.reduce((a, b) => a + b, 0);
}

interface AnchorSets {
  readonly pixels: PixelBoxes<Float64Array>;
  readonly normalised: NormBoxes<Float32Array>;
}

/** Anchors depend on the config and the size alone, and every training step asks for the same ones. */
const cache = new WeakMap<MaskRcnnConfig, Map<string, AnchorSets>>();

/**
 * All anchors of an image of `size`, `[A * (y1, x1, y2, x2)]`, normalised and not clipped. The array is
 * shared between calls: read it only.
 */
export function pyramidAnchors(config: MaskRcnnConfig, size: Size): NormBoxes<Float32Array> {
  return anchorSets(config, size).normalised;
}

/** The same anchors in pixels, in double precision. Shared between calls: read only. */
export function pixelAnchors(config: MaskRcnnConfig, size: Size): PixelBoxes<Float64Array> {
  return anchorSets(config, size).pixels;
}

function anchorSets(config: MaskRcnnConfig, size: Size): AnchorSets {
  let bySize = cache.get(config);
  if (bySize === undefined) cache.set(config, (bySize = new Map<string, AnchorSets>()));
  const key = size.join('x');
  let sets = bySize.get(key);
  if (sets === undefined) {
    const pixels = generateAnchors(config, size);
    bySize.set(key, (sets = { pixels, normalised: normBoxes(pixels, size) }));
  }
  return sets;
}

function generateAnchors(config: MaskRcnnConfig, size: Size): Float64Array {
  const { rpnAnchorScales, rpnAnchorRatios, rpnAnchorStride, backboneStrides } = config;
  const anchors = new Float64Array(4 * anchorCount(config, size));
  let next = 0;
  pyramidSizes(config, size).forEach(([rows, columns], level) => {
    const scale = rpnAnchorScales[level] ?? 0;
    const stride = backboneStrides[level] ?? 0;
    const halves = rpnAnchorRatios.map((ratio) => {
      const root = Math.sqrt(ratio);
      return [0.5 * (scale / root), 0.5 * (scale * root)] as const;
    });
    for (let row = 0; row < rows; row += rpnAnchorStride) {
      for (let column = 0; column < columns; column += rpnAnchorStride) {
        const y = row * stride;
        const x = column * stride;
        for (const [halfHeight, halfWidth] of halves) {
          anchors[next++] = y - halfHeight;
          anchors[next++] = x - halfWidth;
          anchors[next++] = y + halfHeight;
          anchors[next++] = x + halfWidth;
        }
      }
    }
  });
  return anchors;
}
