/** The activities' inputs and outputs: the seam between workflows and the rooms that do the work. */
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import type { Augmentation } from '../augmentation/schema.ts';
import type { Verdict } from './control.ts';
import type {
  ArchiveSource,
  Gate,
  InitialWeights,
  PipelineInput,
  Stage,
} from './pipeline-input.ts';
import type { AliasAnswer, BestEpoch, EpochResult, PipelineResult, RunStatus } from './progress.ts';
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
  /** Whether an earlier run did the very same, by the same code. */
  findOutcome(input: FindOutcomeInput): Promise<FoundOutcome>;
  /** Which of our search attributes (contracts/search-attributes.ts) the server has. */
  listSearchAttributes(): Promise<readonly string[]>;
  /** What the gate would say of a version now. Nothing moves. */
  weighVersion(input: Candidacy): Promise<{ readonly moves: boolean; readonly reason: string }>;
  /** Lets the alias name the version, if gate and verdict do; asked again, it answers as before. */
  moveAlias(input: Candidacy & { readonly verdict: Verdict | null }): Promise<AliasAnswer>;
  /** Keeps what a run came to, for runs with nothing new. */
  recordOutcome(input: { readonly key: string; readonly result: PipelineResult }): Promise<void>;
  /** Leaves the run's page for people in the store. */
  writeReport(input: EndedRun): Promise<{ readonly key: string; readonly bytes: number }>;
  /** Deletes a run's checkpoints that nothing goes on from any more. */
  pruneCheckpoints(input: {
    readonly runId: string;
    /** Checkpoints of later epochs are left alone: they are being written. */
    readonly throughEpoch: number;
    readonly keep: readonly CheckpointRef[];
  }): Promise<{ readonly deleted: number }>;
}

/** A published version that may take an alias. */
export interface Candidacy {
  readonly version: VersionRef;
  readonly alias: string;
  readonly gate: Gate | null;
}

/** What a run has come to so far, for its page. */
export interface RunResults {
  readonly dataset?: DatasetRef | undefined;
  readonly split?: SplitRef | undefined;
  readonly records?: RecordsRef | undefined;
  readonly evaluation?: EvaluationRef | undefined;
  readonly published?: Pick<PipelineResult, 'version' | 'alias'> | undefined;
  /** The run that did the same before, where this one had nothing to do. */
  readonly sameAs?: string | undefined;
}

/** What a run knows of itself when it is over. */
export interface EndedRun extends RunResults {
  readonly runId: string;
  readonly state: 'completed' | 'failed' | 'cancelled';
  /** ISO 8601, as `closedAt`. */
  readonly startedAt: string;
  readonly closedAt: string;
  readonly failure?: string | undefined;
  readonly status: RunStatus;
  readonly request: PipelineInput;
}

/** All that decides what a run comes to, but for the code, which the worker knows. */
export interface FindOutcomeInput {
  readonly configHash: string;
  /** Part of what `configHash` is of, and again here: what they name may change while the name stays. */
  readonly initialWeights: InitialWeights;
  readonly split: SplitRef;
  readonly records: RecordsRef;
  readonly evaluation: PipelineInput['evaluation'];
  readonly publish: PipelineInput['publish'];
}

export interface FoundOutcome {
  /** Where this run's own outcome is to be written. */
  readonly key: string;
  readonly earlier: PipelineResult | null;
}

/** Where an epoch starts: the checkpoint before it or one within it, or the initial weights. */
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
  /** Of the stage's epochs before this one. */
  readonly best: BestEpoch | null;
  readonly checkpoints: PipelineInput['checkpoints'];
}

/** An epoch that was done to its end. */
export interface FinishedEpoch {
  readonly kind: 'finished';
  readonly checkpoint: CheckpointRef;
  readonly result: EpochResult;
}

/**
 * Asked to stop (the run is paused or cancelled, the worker leaves) and stopped in good order. The epoch goes on from
 * the checkpoint; from where it started when there is none.
 */
export interface InterruptedEpoch {
  readonly kind: 'interrupted';
  readonly checkpoint: CheckpointRef | null;
}

export type TrainEpochOutput = FinishedEpoch | InterruptedEpoch;

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
  readonly configHash: string;
  readonly dataset: DatasetRef;
  readonly split: SplitRef;
  readonly records: RecordsRef;
  readonly checkpoint: CheckpointRef;
  readonly evaluation: EvaluationRef;
}

/** On the GPU workers' queue. */
export interface TrainingActivities {
  trainEpoch(input: TrainEpochInput): Promise<TrainEpochOutput>;
  evaluateModel(input: EvaluateModelInput): Promise<EvaluationRef>;
  /** An immutable version; which alias names it is decided afterwards. */
  publishModel(input: PublishModelInput): Promise<VersionRef>;
}
