/** From two archives to records at training size: each step's output is the next one's input. */
import type { PipelineInput } from '../contracts/pipeline-input.ts';
import type { DatasetRef, RawRef, RecordsRef, SplitRef } from '../contracts/references.ts';
import { dataActivities } from './activity-options.ts';
import type { RunProgress } from './run-progress.ts';

export interface PreparedData {
  readonly dataset: DatasetRef;
  readonly split: SplitRef;
  readonly records: RecordsRef;
}

export async function prepareData(
  input: PipelineInput,
  progress: RunProgress,
): Promise<PreparedData> {
  const { inspectDataset, splitDataset, prepareRecords } = dataActivities(input.timeouts);
  // The small archive is unpacked while the large one still comes in.
  const [images, masks] = await Promise.all([
    acquire('images', input, progress),
    acquire('masks', input, progress),
  ]);
  const dataset = await progress.during(
    'inspect',
    () => inspectDataset({ dataset: input.dataset.name, images, masks, ...input.inspection }),
    ({ pairs, quarantined }) => `${pairs} pairs, ${quarantined} quarantined`,
  );
  const split = await progress.during(
    'split',
    () => splitDataset({ dataset, ...input.split }),
    ({ training, validation }) => `${training} for training, ${validation} for validation`,
  );
  const records = await progress.during(
    'records',
    () => prepareRecords({ dataset, split, config: input.model }),
    ({ records: count, size }) => `${count} records at ${size} px`,
  );
  return { dataset, split, records };
}

async function acquire(
  role: 'images' | 'masks',
  { dataset, timeouts }: PipelineInput,
  progress: RunProgress,
): Promise<RawRef> {
  const { fetchArchive, unpackArchive } = dataActivities(timeouts);
  const archive = await progress.during(
    `fetch-${role}`,
    () =>
      fetchArchive.executeWithOptions({ summary: role }, [
        { dataset: dataset.name, role, source: dataset[role] },
      ]),
    ({ bytes }) =>
      bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`,
  );
  return progress.during(
    `unpack-${role}`,
    () => unpackArchive.executeWithOptions({ summary: role }, [{ dataset: dataset.name, archive }]),
    ({ entries }) => `${entries} files`,
  );
}
