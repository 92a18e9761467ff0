/** All that a run's page says, as plain data: `gather-facts.ts` reads it from the store, `render.ts` writes the page. */
import type { RunResults } from '../../contracts/activities.ts';
import type { DatasetManifest, EvaluationManifest, ImageScore } from '../../contracts/manifests.ts';
import type { ModelVersionManifest, SplitManifest } from '../../contracts/manifests.ts';
import type { PipelineInput } from '../../contracts/pipeline-input.ts';
import type { ActivityProgress, EpochResult, RunStatus } from '../../contracts/progress.ts';
import type { TrainingCurves } from './training-curves.ts';

export const runStates = {
  running: 'running',
  paused: 'paused',
  waiting: 'waiting for approval',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  terminated: 'terminated',
  timedOut: 'timed out',
} as const;

export type RunState = (typeof runStates)[keyof typeof runStates];

/** May it still come to more than is there now? */
export const isGoing = (state: RunState): boolean =>
  state === 'running' || state === 'paused' || state === 'waiting for approval';

/** What whoever asks for a page knows of the run: its workflow, or a client that asked Temporal. */
export interface KnownRun extends RunResults {
  readonly runId: string;
  readonly state: RunState;
  readonly startedAt?: Date | undefined;
  readonly closedAt?: Date | undefined;
  /** Why it did not complete. */
  readonly failure?: string | undefined;
  /** The answer to the status query; absent while no worker answers. */
  readonly status?: RunStatus | undefined;
  readonly request?: PipelineInput | undefined;
  readonly underWay?: readonly UnderWay[] | undefined;
}

export interface UnderWay {
  /** The activity, e.g. `trainEpoch`. */
  readonly type: string;
  /** 1 for the first try. */
  readonly attempt: number;
  readonly progress?: ActivityProgress | undefined;
  /** Why the try before failed. */
  readonly lastFailure?: string | undefined;
}

export interface Picture {
  /** The image's id in the data set. */
  readonly id: string;
  /** A `data:` URL, of bounded size. */
  readonly source: string;
  readonly width: number;
  readonly height: number;
}

/** Another version of the model, to compare with: who held the alias before this run's, or holds it now. */
export interface Rival {
  readonly version: ModelVersionManifest;
  /** Were both scored on the same images? Only then do their scores compare. */
  readonly isSameSplit: boolean;
  /** Its score of each validation image; empty where it is not known. */
  readonly images: readonly ImageScore[];
}

export interface RunFacts {
  readonly run: KnownRun;
  readonly writtenAt: Date;
  /** Finished epochs: from the status, else from the event files. */
  readonly epochs: readonly EpochResult[];
  readonly curves: TrainingCurves;
  readonly dataset?: DatasetManifest | undefined;
  readonly split?: SplitManifest | undefined;
  readonly evaluation?: EvaluationManifest | undefined;
  readonly version?: ModelVersionManifest | undefined;
  readonly rival?: Rival | undefined;
  /** The version that the alias names now. */
  readonly holder?: number | undefined;
  /** Best first. */
  readonly overlays: readonly Picture[];
  /** Of the pairs that were set aside, as many as the page shows. */
  readonly quarantined: readonly Picture[];
  /** What should be in the store and could not be read, in words. */
  readonly gaps: readonly string[];
}
