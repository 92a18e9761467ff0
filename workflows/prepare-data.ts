/** From two archives to records at training size: each step's output is the next one's input. */
import type {
  ArchiveRef,
  DatasetRef,
  RawRef,
  RecordsRef,
  SplitRef,
} from '../contracts/references.ts';
import { dataActivities } from './activity-options.ts';
import type { Run } from './run.ts';

export interface PreparedData {
  readonly dataset: DatasetRef;
  readonly split: SplitRef;
  readonly records: RecordsRef;
}

type Place = Pick<Run, 'input' | 'progress' | 'results'>;

export async function prepareData(run: Place): Promise<PreparedData> {
  const { input, progress, results } = run;
  const { name } = input.dataset;
  const { inspectDataset, splitDataset, prepareRecords } = dataActivities(input.timeouts);
  // The small archive is unpacked while the large one still comes in.
  const [images, masks] = await Promise.all([acquire('images', run), acquire('masks', run)]);
  const dataset = await progress.during(
    'inspect',
    () =>
      inspectDataset.executeWithOptions(
        { summary: `${name}: ${images.entries} and ${masks.entries} files` },
        [{ dataset: name, images, masks, ...input.inspection }],
      ),
    ({ pairs, quarantined }) => `${pairs} pairs, ${quarantined} quarantined`,
  );
  results.dataset = dataset;
  const split = await progress.during(
    'split',
    () =>
      splitDataset.executeWithOptions(
        { summary: `${name}: ${dataset.pairs} pairs, a share of ${input.split.validationShare}` },
        [{ dataset, ...input.split }],
      ),
    ({ training, validation }) => `${training} for training, ${validation} for validation`,
  );
  results.split = split;
  const records = await progress.during(
    'records',
    () =>
      prepareRecords.executeWithOptions(
        {
          summary: `${name}: ${split.training + split.validation} pairs at ${input.model.imageMaxDim} px`,
        },
        [{ dataset, split, config: input.model }],
      ),
    ({ records: count, size }) => `${count} records at ${size} px`,
  );
  results.records = records;
  return { dataset, split, records };
}

async function acquire(
  role: 'images' | 'masks',
  { input: { dataset, timeouts }, progress }: Place,
): Promise<RawRef> {
  const { fetchArchive, unpackArchive } = dataActivities(timeouts);
  const archive = await progress.during(
    `fetch-${role}`,
    () =>
      fetchArchive.executeWithOptions({ summary: `${dataset.name}: ${role}` }, [
        { dataset: dataset.name, role, source: dataset[role] },
      ]),
    sizeOf,
  );
  return progress.during(
    `unpack-${role}`,
    () =>
      unpackArchive.executeWithOptions(
        { summary: `${dataset.name}: ${role}, ${sizeOf(archive)}` },
        [{ dataset: dataset.name, archive }],
      ),
    ({ entries }) => `${entries} files`,
  );
}

const sizeOf = ({ bytes }: ArchiveRef): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
