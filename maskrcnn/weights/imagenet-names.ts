/**
 * Layers of Keras' ResNet as it is named since keras-applications 1.0.7 (resnet_common.py), such as
 * `conv4_block2_1_conv`, under Matterport's names (`res4b_branch2a`). The blocks are the same: bottlenecks
 * with the stride on the first 1x1 convolution, and biases. The older files have Matterport's names.
 */
import type { StoredLayer } from './keras-h5.ts';

const BRANCHES: Readonly<Record<string, string>> = { 0: '1', 1: '2a', 2: '2b', 3: '2c' };

/** The layers with those names translated; other names stay. */
export function withMatterportNames(layers: readonly StoredLayer[]): StoredLayer[] {
  return layers.map(({ layer, weights }) => ({ layer: matterportName(layer), weights }));
}

function matterportName(layer: string): string {
  if (layer === 'conv1_conv') return 'conv1';
  if (layer === 'conv1_bn') return 'bn_conv1';
  const [, stage, block, part, kind] =
    /^conv([2-5])_block(\d+)_([0-3])_(conv|bn)$/.exec(layer) ?? [];
  if (stage === undefined || part === undefined) return layer;
  const letter = String.fromCharCode(96 + Number(block));
  return `${kind === 'conv' ? 'res' : 'bn'}${stage}${letter}_branch${BRANCHES[part] ?? ''}`;
}
