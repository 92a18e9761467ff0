/** From the flags of `lesionflow inspect data` to what it prints. */
import { join } from 'node:path';
import { pipelineInputSchema } from '../../contracts/pipeline-input.ts';
import { autoPresetFor } from '../auto-preset.ts';
import { AUTO } from '../presets.ts';
import { buildRequest, type RequestFlags } from '../request.ts';
import { augmentationOf } from './augmentation-of.ts';
import type { CommonFlags } from './common-flags.ts';
import { dataReportSchema } from './data-report.ts';
import { inspectData } from './inspect-data.ts';
import { NO_DATA } from './model-config.ts';
import { progressOn } from './progress-line.ts';
import { renderDataReport } from './render-data.ts';
import { writerFor } from './write-pictures.ts';

export interface InspectDataFlags extends CommonFlags {
  readonly preset?: string;
  readonly images: string;
  readonly masks: string;
  readonly augment?: string;
  readonly count: number;
  readonly measure?: number;
  readonly hours: number;
}

export async function runInspectData(flags: InspectDataFlags): Promise<void> {
  const { preset, config, set } = flags;
  const isAuto = preset === AUTO;
  const named = { config, set, ...NO_DATA };
  const auto = autoPresetFor(named);
  const requested = (chosen: RequestFlags['preset']) =>
    pipelineInputSchema.parse(buildRequest({ ...named, preset: chosen }));
  // A wrong option is said before minutes are spent on reading.
  const known = isAuto ? auto.base : requested(preset);
  const augmentation = flags.augment === undefined ? null : augmentationOf(flags.augment);
  const writer = await writerFor(flags);
  const report = await inspectData({
    ...flags,
    auto,
    input: (proposals) => (isAuto ? requested(auto.adopt(proposals)) : known),
    augmentation,
    writer,
    onProgress: progressOn(process.stderr, 'measured'),
  });
  const files = [...report.files, join(flags.out, 'data.json')];
  const whole = dataReportSchema.parse({ ...report, files });
  await writer.text('data.json', `${JSON.stringify(whole)}\n`);
  const lines = flags.json ? [JSON.stringify(whole)] : renderDataReport(whole, { isAuto, preset });
  process.stdout.write(`${lines.join('\n')}\n`);
}
