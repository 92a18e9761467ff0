/**
 * A data set as a person who has just received it wants to know it: every pair is read once and measured, what is
 * out of the ordinary is named and drawn, and samples are shown as training would see them.
 */
import type { Augmentation } from '../../augmentation/operations.ts';
import type { PipelineInput } from '../../contracts/pipeline-input.ts';
import { byLevel } from '../../datasets/fingerprint/finding.ts';
import { findings } from '../../datasets/fingerprint/findings.ts';
import { measurePairs } from '../../datasets/fingerprint/measure-pairs.ts';
import { findNearDuplicates } from '../../datasets/fingerprint/near-duplicates.ts';
import { propose } from '../../datasets/fingerprint/propose.ts';
import type { Proposal } from '../../datasets/fingerprint/proposal.ts';
import { duplicateFindings, withParts } from '../../datasets/fingerprint/split-leak.ts';
import { summarise } from '../../datasets/fingerprint/summary.ts';
import type { EntryPair, Quarantined } from '../../datasets/pair-entries.ts';
import type { OnProgress } from '../../datasets/progress.ts';
import { splitIds } from '../../datasets/split-dataset.ts';
import { randomStream, shuffled } from '../../maskrcnn/random.ts';
import { instanceAtSize, summariseMasks } from '../../report/mask-summary.ts';
import { plotDataOverview } from '../../report/plots/data-overview.ts';
import { plotMaskPlacement } from '../../report/plots/mask-placement.ts';
import { noneUsable, type AutoPreset } from '../auto-preset.ts';
import { thisMachine } from '../this-machine.ts';
import type { DataReport } from './data-report.ts';
import { drawFindings, drawSplitLeak } from './finding-pictures.ts';
import { openPairs, samplePairs } from './open-pairs.ts';
import { drawAnchors, drawSamples } from './sample-pictures.ts';
import { readSamples } from './samples.ts';
import type { PictureWriter } from './write-pictures.ts';

export interface InspectDataOptions {
  /** Paths of zips or folders, or URLs of zips. */
  readonly images: string;
  readonly masks: string;
  /** What the proposals build on. */
  readonly auto: AutoPreset;
  /** The run's input, once it is known what the data speaks for. */
  readonly input: (proposals: readonly Proposal[]) => PipelineInput;
  readonly hours: number;
  readonly augmentation: Augmentation | null;
  /** Samples in the mosaic. */
  readonly count: number;
  /** Pairs that are read, drawn by the seed; all when absent. */
  readonly measure?: number | undefined;
  readonly seed: number;
  readonly writer: PictureWriter;
  readonly onProgress: OnProgress;
}

export async function inspectData(options: InspectDataOptions): Promise<DataReport> {
  const start = performance.now();
  const { auto, augmentation, hours, seed, writer, onProgress } = options;
  await using opened = await openPairs(options);
  const { store, pairs } = opened;
  const { measure = pairs.length } = options;
  const chosen = samplePairs(pairs, { count: measure, seed });
  const { measures, quarantined: failed } = await measurePairs({
    store,
    pairs: chosen,
    onProgress,
  });
  if (measures.length === 0) throw noneUsable(failed);
  const quarantined = [...opened.quarantined, ...failed];

  const usable = Math.round((pairs.length * measures.length) / chosen.length);
  const machine = thisMachine();
  const proposals = propose({ measures, pairs: usable, ...auto, machine, hours });
  const input = options.input(proposals);
  const { model: config } = input;
  const split = splitOf(pairs, { failed, input });
  const nearDuplicates = withParts(findNearDuplicates(measures), split);
  const found = byLevel([
    ...duplicateFindings(nearDuplicates),
    ...findings({ measures, quarantined, side: config.imageMaxDim }),
  ]);

  const summary = summarise(measures);
  const title = `${measures.length.toLocaleString('en')} pictures and their lesions`;
  await writer.picture('overview', plotDataOverview({ summary, measures, title }));
  const sources = { store, pairs: chosen, writer };
  await drawSplitLeak(nearDuplicates, sources);
  await drawFindings(found, sources);
  const shown = shuffled(usablePairs(chosen, failed), randomStream(seed, 'samples'));
  const samples = await readSamples(store, { pairs: shown.slice(0, options.count), config });
  await drawSamples(samples, { augmentation, seed, writer });
  const anchors = await drawAnchors(samples, { config, seed, writer });
  const instances = measures.map((pair) => instanceAtSize(pair, config));
  await writer.picture('masks', plotMaskPlacement({ instances, config }));
  return {
    pairs: pairs.length,
    read: chosen.length,
    quarantined,
    summary,
    masks: summariseMasks(instances),
    split: {
      seed: input.split.seed,
      validationShare: input.split.validationShare,
      training: split.training.length,
      validation: split.validation.length,
    },
    nearDuplicates,
    findings: found,
    proposals,
    anchors,
    seconds: Math.round((performance.now() - start) / 100) / 10,
    files: [...writer.written],
  };
}

const usablePairs = (pairs: readonly EntryPair[], failed: readonly Quarantined[]): EntryPair[] => {
  const ids = new Set(failed.map(({ id }) => id));
  return pairs.filter(({ id }) => !ids.has(id));
};

/** The run's own split: it depends on which ids are usable, and not on what they are read from. */
function splitOf(
  pairs: readonly EntryPair[],
  { failed, input }: { readonly failed: readonly Quarantined[]; readonly input: PipelineInput },
) {
  const ids = usablePairs(pairs, failed).map(({ id }) => id);
  // A run would refuse a single pair; here it can be looked at all the same.
  return ids.length < 2 ? { training: ids, validation: [] } : splitIds(ids, input.split);
}
