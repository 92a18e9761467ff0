/** From the flags of `lesionflow inspect data` to what it prints. */
import { renderMaskSummary } from '../../report/mask-summary.ts';
import { augmentationOf } from './augmentation-of.ts';
import type { CommonFlags } from './common-flags.ts';
import { inspectData, type DataReport } from './inspect-data.ts';
import { runConfig } from './model-config.ts';
import { writerFor } from './write-pictures.ts';

export interface InspectDataFlags extends CommonFlags {
  readonly images: string;
  readonly masks: string;
  readonly augment?: string;
  readonly count: number;
  readonly measure: number;
}

export async function runInspectData(flags: InspectDataFlags): Promise<void> {
  const config = runConfig(flags);
  const augmentation = flags.augment === undefined ? null : augmentationOf(flags.augment);
  const writer = await writerFor(flags);
  const report = await inspectData({ ...flags, config, augmentation, writer });
  const lines = flags.json ? [JSON.stringify(report)] : render(report);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function render({ pairs, read, quarantined, anchors, masks }: DataReport): string[] {
  const shown = quarantined.slice(0, 5).map(({ id, reason }) => `${id} (${reason})`);
  const more = quarantined.length > shown.length ? ', …' : '';
  return [
    '',
    `${String(pairs)} pairs, ${String(read)} of them read; ` +
      `unusable: ${quarantined.length === 0 ? 'none' : `${String(quarantined.length)}: ${shown.join(', ')}${more}`}`,
    ...anchors.map(
      ({ id, positive, negative, neutral }) =>
        `anchors of ${id}: ${String(positive)} positive, ${String(negative)} negative, ${String(neutral)} neutral`,
    ),
    '',
    ...renderMaskSummary(masks),
  ];
}
