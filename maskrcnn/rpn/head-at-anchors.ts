/**
 * The head of the RPN at a few anchors only. The RPN's losses look at `rpnTrainAnchorsPerImage` sampled
 * anchors, so nearly all of the gradient of its 3x3 convolution is zero: over the whole pyramid that
 * convolution and its gradients are a quarter of a training step. Here its inputs are gathered around each
 * wanted anchor, and it is one small matrix product. The same numbers as `rpnHead`'s but for rounding.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import { dense } from '../layers/dense.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { noTape } from '../layers/no-tape.ts';
import { relu } from '../layers/relu.ts';
import type { RpnOutput } from './head.ts';

/** Side of the kernel of `rpn_conv_shared`. */
const WINDOW = 3;

export interface HeadAtAnchorsOptions {
  readonly config: Pick<MaskRcnnConfig, 'rpnAnchorStride' | 'rpnAnchorRatios'>;
  /** P2…P6. */
  readonly levels: readonly tf.Tensor4D[];
  /** `[B, K]` int32, in the order of `pyramidAnchors`; an anchor may be named more than once. */
  readonly anchorIndices: tf.Tensor2D;
}

/** Scores and refinements of the anchors that are named: `[B, K, 2]` and `[B, K, 4]`. */
export function rpnHeadAt(pass: ForwardPass, options: HeadAtAnchorsOptions): RpnOutput {
  const { levels, anchorIndices } = options;
  const { rpnAnchorStride: stride, rpnAnchorRatios } = options.config;
  const [batch, count] = anchorIndices.shape;
  const ratios = rpnAnchorRatios.length;
  const grids = levelGrids(levels, { stride, ratios });
  const { rows, ratioOfAnchor } = noTape((): { rows: tf.Tensor1D; ratioOfAnchor: tf.Tensor } => {
    const { places, ratio } = placesOf(anchorIndices, { grids, ratios, stride });
    const oneHot = tf.oneHot(ratio.flatten(), ratios, 1, 0, 'float32');
    return {
      rows: places.flatten(),
      ratioOfAnchor: oneHot.reshape([batch * count, ratios, 1]),
    };
  });
  const channels = levels[0]?.shape[3] ?? 0;
  const cells = tf.concat3d(
    levels.map((level, index) =>
      tf
        .pad(level, (grids[index] as LevelGrid).padding)
        .reshape<tf.Tensor3D>([batch, -1, channels]),
    ),
    1,
  );
  const flat = cells.reshape<tf.Tensor2D>([-1, channels]);
  const windows = tf.gather(flat, rows).reshape<tf.Tensor2D>([batch * count, -1]);
  const shared = relu(dense(pass, 'rpn_conv_shared', windows));
  const ofRatio = (layer: string, size: number): tf.Tensor3D => {
    const all = dense(pass, layer, shared).reshape([batch * count, ratios, size]);
    return tf.sum(tf.mul(all, ratioOfAnchor), 1).reshape([batch, count, size]);
  };
  return { logits: ofRatio('rpn_class_raw', 2), deltas: ofRatio('rpn_bbox_pred', 4) };
}

/** Where one level lies among the anchors, and among the padded cells of all levels. */
interface LevelGrid {
  readonly firstAnchor: number;
  readonly firstCell: number;
  /** Anchor positions in a row. */
  readonly columns: number;
  /** Cells in a row, padding included. */
  readonly paddedWidth: number;
  /** As TensorFlow pads a `same` convolution. */
  readonly padding: [number, number][];
  readonly anchors: number;
  readonly cells: number;
}

function levelGrids(
  levels: readonly tf.Tensor4D[],
  { stride, ratios }: { readonly stride: number; readonly ratios: number },
): readonly LevelGrid[] {
  const grids: LevelGrid[] = [];
  for (const level of levels) {
    const [, height, width] = level.shape;
    const vertical = samePadding(height, stride);
    const horizontal = samePadding(width, stride);
    const before = grids.at(-1);
    const columns = Math.ceil(width / stride);
    const paddedWidth = width + horizontal[0] + horizontal[1];
    grids.push({
      firstAnchor: before === undefined ? 0 : before.firstAnchor + before.anchors,
      firstCell: before === undefined ? 0 : before.firstCell + before.cells,
      columns,
      paddedWidth,
      padding: [[0, 0], vertical, horizontal, [0, 0]],
      anchors: Math.ceil(height / stride) * columns * ratios,
      cells: (height + vertical[0] + vertical[1]) * paddedWidth,
    });
  }
  return grids;
}

function samePadding(size: number, stride: number): [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + WINDOW - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** The cells under each anchor's window, `[B, K, 9]`, and its ratio, `[B, K]`. */
function placesOf(
  anchorIndices: tf.Tensor2D,
  options: {
    readonly grids: readonly LevelGrid[];
    readonly ratios: number;
    readonly stride: number;
  },
): { readonly places: tf.Tensor3D; readonly ratio: tf.Tensor2D } {
  const { grids, ratios, stride } = options;
  const batch = anchorIndices.shape[0];
  const integers = (values: readonly number[]) => tf.tensor1d([...values], 'int32');
  const starts = integers(grids.map(({ firstAnchor }) => firstAnchor));
  const reached = tf.greaterEqual(anchorIndices.expandDims(2), starts);
  const level = tf.sub(tf.sum(tf.cast(reached, 'int32'), 2), tf.scalar(1, 'int32'));
  const ofLevel = (value: (grid: LevelGrid) => number): tf.Tensor2D =>
    tf.gather(integers(grids.map(value)), tf.cast(level, 'int32')) as tf.Tensor as tf.Tensor2D;

  const local = tf.sub(
    anchorIndices,
    ofLevel(({ firstAnchor }) => firstAnchor),
  );
  const position = tf.floorDiv(local, tf.scalar(ratios, 'int32'));
  const ratio = tf.sub<tf.Tensor2D>(local, tf.mul(position, tf.scalar(ratios, 'int32')));
  const columns = ofLevel((grid) => grid.columns);
  const y = tf.floorDiv(position, columns);
  const x = tf.sub(position, tf.mul(y, columns));
  const width = ofLevel(({ paddedWidth }) => paddedWidth);
  const corner = tf.add(
    ofLevel(({ firstCell }) => firstCell),
    tf.mul(tf.add(tf.mul(y, width), x), tf.scalar(stride, 'int32')),
  );
  const last = grids.at(-1) as LevelGrid;
  const cellsOfImage = last.firstCell + last.cells;
  const image = tf.range(0, batch * cellsOfImage, cellsOfImage, 'int32').expandDims(1);

  const offsets = Array.from({ length: WINDOW }, (_, index) => index);
  const down = integers(offsets.flatMap((dy) => offsets.map(() => dy)));
  const right = integers(offsets.flatMap(() => offsets));
  const within = tf.add(tf.mul(width.expandDims(2), down), right);
  return { places: tf.add(tf.add(corner, image).expandDims(2), within), ratio };
}
