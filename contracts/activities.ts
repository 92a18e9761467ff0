/** The activities' inputs and outputs: the seam between workflows and the rooms that do the work. */
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import type { Augmentation } from '../augmentation/schema.ts';
import type { ArchiveSource, InitialWeights, Stage } from './pipeline-input.ts';
import type { EpochResult } from './progress.ts';
import type {
  ArchiveRef,
  CheckpointRef,
  DatasetRef,
  EvaluationRef,
  RawRef,
  RecordsRef,
  SplitRef,
  VersionRef,
} from './references.ts';

/** On the data workers' queue. */
export interface DataActivities {
  fetchArchive(input: {
    readonly dataset: string;
    readonly role: 'images' | 'masks';
    readonly source: ArchiveSource;
  }): Promise<ArchiveRef>;
  unpackArchive(input: { readonly dataset: string; readonly archive: ArchiveRef }): Promise<RawRef>;
  inspectDataset(input: {
    readonly dataset: string;
    readonly images: RawRef;
    readonly masks: RawRef;
    readonly maxQuarantinedShare: number;
  }): Promise<DatasetRef>;
  splitDataset(input: {
    readonly dataset: DatasetRef;
    readonly seed: number;
    readonly validationShare: number;
    readonly maxPairs?: number | undefined;
  }): Promise<SplitRef>;
  /** Only the split's images are prepared. */
  prepareRecords(input: {
    readonly dataset: DatasetRef;
    readonly split: SplitRef;
    readonly config: MaskRcnnConfig;
  }): Promise<RecordsRef>;
}

/** Where an epoch starts: the checkpoint before it, or the initial weights. */
export type EpochStart =
  | { readonly kind: 'checkpoint'; readonly checkpoint: CheckpointRef }
  | { readonly kind: 'initial'; readonly weights: InitialWeights };

export interface TrainEpochInput {
  readonly runId: string;
  readonly config: MaskRcnnConfig;
  readonly seed: number;
  readonly augmentation: Augmentation | null;
  readonly stage: Stage;
  /** 1-based, over all stages. */
  readonly epoch: number;
  /** The stage's first epoch, 1-based over all stages; momentum starts from zero there. */
  readonly stageFirstEpoch: number;
  readonly start: EpochStart;
  readonly split: SplitRef;
  readonly records: RecordsRef;
}

export interface TrainEpochOutput {
  readonly checkpoint: CheckpointRef;
  readonly result: EpochResult;
}

export interface EvaluateModelInput {
  readonly runId: string;
  readonly checkpoint: CheckpointRef;
  readonly dataset: DatasetRef;
  readonly split: SplitRef;
  readonly overlays: number;
  readonly minConfidence: number;
}

export interface PublishModelInput {
  readonly runId: string;
  readonly model: string;
  readonly alias: string;
  readonly configHash: string;
  readonly dataset: DatasetRef;
  readonly split: SplitRef;
  readonly records: RecordsRef;
  readonly checkpoint: CheckpointRef;
  readonly evaluation: EvaluationRef;
}

export interface PublishModelOutput {
  readonly version: VersionRef;
  readonly alias: { readonly name: string; readonly moved: boolean; readonly reason: string };
}

/** On the GPU workers' queue. */
export interface TrainingActivities {
  trainEpoch(input: TrainEpochInput): Promise<TrainEpochOutput>;
  evaluateModel(input: EvaluateModelInput): Promise<EvaluationRef>;
  publishModel(input: PublishModelInput): Promise<PublishModelOutput>;
}
