/** What every part of a run's workflow needs. */
import type { PipelineInput } from '../contracts/pipeline-input.ts';
import type { RunControl } from './run-control.ts';
import type { RunProgress } from './run-progress.ts';

export interface Run {
  readonly runId: string;
  readonly input: PipelineInput;
  readonly control: RunControl;
  readonly progress: RunProgress;
}
