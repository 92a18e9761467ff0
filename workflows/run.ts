/** What every part of a run's workflow needs. */
import type { RunResults } from '../contracts/activities.ts';
import type { PipelineInput } from '../contracts/pipeline-input.ts';
import type { Approval } from './approval.ts';
import type { RunControl } from './run-control.ts';
import type { RunProgress } from './run-progress.ts';
import type { RunSearch } from './run-search.ts';

/** As the run fills them in. */
type Results = { -readonly [K in keyof RunResults]: RunResults[K] };

export interface Run {
  readonly runId: string;
  readonly input: PipelineInput;
  readonly control: RunControl;
  readonly approval: Approval;
  readonly progress: RunProgress;
  readonly search: RunSearch;
  readonly results: Results;
}
