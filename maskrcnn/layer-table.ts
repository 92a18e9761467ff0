/**
 * Every layer of the network that holds weights, as a table of names and kernel shapes: mrcnn/model.py
 * (`resnet_graph`, `build_rpn_model`, `fpn_classifier_graph`, `build_fpn_mask_graph`) without the graph.
 */
import type { MaskRcnnConfig } from './config.ts';

/** `norm` is batch norm or group norm, as the config says: both are one layer by its name and channels. */
export type LayerKind = 'convolution' | 'norm';

export interface LayerRow {
  /** Matterport's layer name, such as `res2a_branch2a`. */
  readonly layer: string;
  /** Group of the weight file; the layer itself but for the three layers inside `rpn_model`. */
  readonly topLevelLayer: string;
  /** `convolution` stands for every layer with a kernel and a bias (also dense and transposed). */
  readonly kind: LayerKind;
  /** Kernel in Keras' layout `[kh, kw, in, out]` or `[in, out]` (a transposed one `[kh, kw, out, in]`), or `[channels]`. */
  readonly shape: readonly number[];
  /** Number of output channels. */
  readonly channels: number;
}

/** Blocks of the stages 2 to 5. */
const BLOCKS = { resnet50: [3, 4, 6, 3], resnet101: [3, 4, 23, 3] } as const;
/** Channels inside a bottleneck of the stages 2 to 5; its output has four times as many. */
const WIDTHS = [64, 128, 256, 512] as const;
const RPN_CHANNELS = 512;
const MASK_CHANNELS = 256;

/** The layers in the order in which Keras lists them in the training model. */
export function layerTable(config: MaskRcnnConfig): readonly LayerRow[] {
  return [
    ...backboneRows(config.backbone),
    ...pyramidRows(config.topDownPyramidSize),
    ...rpnRows(config),
    ...headRows(config),
  ];
}

function backboneRows(backbone: MaskRcnnConfig['backbone']): LayerRow[] {
  const rows = [convolution('conv1', [7, 7, 3, 64]), norm('bn_conv1', 64)];
  let input: number = WIDTHS[0];
  BLOCKS[backbone].forEach((blocks, index) => {
    const width = WIDTHS[index] ?? 0;
    for (let block = 0; block < blocks; block++) {
      const name = `${String(index + 2)}${String.fromCharCode(97 + block)}_branch`;
      rows.push(...blockRows({ name, input, width, projects: block === 0 }));
      input = 4 * width;
    }
  });
  return rows;
}

interface Block {
  readonly name: string;
  readonly input: number;
  readonly width: number;
  /** The first block of a stage has a 1x1 convolution on its shortcut. */
  readonly projects: boolean;
}

function blockRows({ name, input, width, projects }: Block): LayerRow[] {
  const output = 4 * width;
  return [
    convolution(`res${name}2a`, [1, 1, input, width]),
    norm(`bn${name}2a`, width),
    convolution(`res${name}2b`, [3, 3, width, width]),
    norm(`bn${name}2b`, width),
    convolution(`res${name}2c`, [1, 1, width, output]),
    ...(projects ? [convolution(`res${name}1`, [1, 1, input, output])] : []),
    norm(`bn${name}2c`, output),
    ...(projects ? [norm(`bn${name}1`, output)] : []),
  ];
}

function pyramidRows(channels: number): LayerRow[] {
  return [
    ...[5, 4, 3, 2].map((level) =>
      convolution(`fpn_c${String(level)}p${String(level)}`, [1, 1, 64 * 2 ** level, channels]),
    ),
    ...[5, 2, 3, 4].map((level) =>
      convolution(`fpn_p${String(level)}`, [3, 3, channels, channels]),
    ),
  ];
}

function rpnRows({ topDownPyramidSize, rpnAnchorRatios }: MaskRcnnConfig): LayerRow[] {
  const anchors = rpnAnchorRatios.length;
  return [
    convolution('rpn_conv_shared', [3, 3, topDownPyramidSize, RPN_CHANNELS]),
    convolution('rpn_class_raw', [1, 1, RPN_CHANNELS, 2 * anchors]),
    convolution('rpn_bbox_pred', [1, 1, RPN_CHANNELS, 4 * anchors]),
  ].map((row) => ({ ...row, topLevelLayer: 'rpn_model' }));
}

/** Keras sorts layers by their depth from the losses, which interleaves the mask and class heads. */
function headRows(config: MaskRcnnConfig): LayerRow[] {
  const { topDownPyramidSize, fpnClassifFcLayersSize: hidden, poolSize, numClasses } = config;
  return [
    ...maskBlock(1, topDownPyramidSize),
    ...maskBlock(2, MASK_CHANNELS),
    convolution('mrcnn_class_conv1', [poolSize, poolSize, topDownPyramidSize, hidden]),
    norm('mrcnn_class_bn1', hidden),
    ...maskBlock(3, MASK_CHANNELS),
    convolution('mrcnn_class_conv2', [1, 1, hidden, hidden]),
    norm('mrcnn_class_bn2', hidden),
    ...maskBlock(4, MASK_CHANNELS),
    convolution('mrcnn_bbox_fc', [hidden, 4 * numClasses]),
    convolution('mrcnn_mask_deconv', [2, 2, MASK_CHANNELS, MASK_CHANNELS]),
    convolution('mrcnn_class_logits', [hidden, numClasses]),
    convolution('mrcnn_mask', [1, 1, MASK_CHANNELS, numClasses]),
  ];
}

function maskBlock(index: number, input: number): LayerRow[] {
  return [
    convolution(`mrcnn_mask_conv${String(index)}`, [3, 3, input, MASK_CHANNELS]),
    norm(`mrcnn_mask_bn${String(index)}`, MASK_CHANNELS),
  ];
}

function convolution(layer: string, shape: readonly number[]): LayerRow {
  return { layer, topLevelLayer: layer, kind: 'convolution', shape, channels: shape.at(-1) ?? 0 };
}

function norm(layer: string, channels: number): LayerRow {
  return { layer, topLevelLayer: layer, kind: 'norm', shape: [channels], channels };
}
