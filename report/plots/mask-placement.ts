/** The boxes' sizes beside the anchors' shapes, where the instances lie, and how much of the image they fill. */
import * as Plot from '@observablehq/plot';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import type { Drawing } from '../drawing.ts';
import type { InstanceMeasures } from '../mask-summary.ts';
import { mosaic } from '../mosaic.ts';
import { chart } from './chart.ts';

export interface MaskPlacementOptions {
  readonly instances: readonly InstanceMeasures[];
  readonly config: Pick<MaskRcnnConfig, 'rpnAnchorScales' | 'rpnAnchorRatios' | 'imageMaxDim'>;
}

const INSTANCE = '#1668b8';
const ANCHOR = '#d9541e';
const SIZE = { width: 460, height: 420, marginLeft: 56, marginBottom: 48 } as const;
const axis = { grid: true, labelArrow: false, labelAnchor: 'center' } as const;

export function plotMaskPlacement({ instances, config }: MaskPlacementOptions): Drawing {
  const anchors = config.rpnAnchorScales.flatMap((scale) =>
    config.rpnAnchorRatios.map((ratio) => ({
      height: scale / Math.sqrt(ratio),
      width: scale * Math.sqrt(ratio),
    })),
  );
  const most = 1.05 * config.imageMaxDim;
  // Thousands of dots are a cloud, not a blot.
  const r = instances.length > 500 ? 1.6 : 3;
  const sizes = chart({
    ...SIZE,
    x: { ...axis, label: 'box width, pixels', domain: [0, most] },
    y: { ...axis, label: 'box height, pixels', domain: [0, most] },
    marks: [
      Plot.dot(instances, { x: 'width', y: 'height', r, fill: INSTANCE, fillOpacity: 0.5 }),
      Plot.dot(
        anchors.filter(({ height, width }) => Math.max(height, width) <= most),
        { x: 'width', y: 'height', r: 6, symbol: 'times', stroke: ANCHOR, strokeWidth: 2.5 },
      ),
    ],
  });
  const places = chart({
    ...SIZE,
    x: { ...axis, label: 'centre, left to right', domain: [0, 1] },
    y: { ...axis, label: 'centre, top to bottom', domain: [0, 1], reverse: true },
    marks: [
      Plot.frame(),
      Plot.dot(instances, { x: 'centreX', y: 'centreY', r, fill: INSTANCE, fillOpacity: 0.5 }),
    ],
  });
  const areas = chart({
    ...SIZE,
    x: { ...axis, label: 'share of the image', domain: [0, 1] },
    y: { ...axis, label: 'instances', tickFormat: 'd' },
    marks: [
      Plot.rectY(instances, {
        ...Plot.binX({ y: 'count' }, { x: { value: 'area', thresholds: 20 } }),
        fill: INSTANCE,
      }),
      Plot.ruleY([0]),
    ],
  });
  return mosaic({
    tiles: [
      { drawing: sizes, title: 'Sizes, and the shapes of the anchors (crosses)' },
      { drawing: places, title: 'Places' },
      { drawing: areas, title: 'Areas' },
    ],
    columns: 3,
    title: `${instances.length.toLocaleString('en')} instances at training size`,
  });
}
