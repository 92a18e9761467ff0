/** What ends the harness itself; what a run did wrong is a violation (`oracles/`), never an error. */
import { LesionFlowError } from '../contracts/errors.ts';

/** A wrong flag: nothing was started. */
export class ChaosUsageError extends LesionFlowError {
  constructor(message: string, values: Readonly<Record<string, unknown>> = {}) {
    super(message, { code: 'bad-usage', retryable: false, values });
  }
}

/** A run that was not to be disturbed did not complete: nothing can be compared with it. */
export class NoReferenceError extends LesionFlowError {
  constructor(values: Readonly<Record<'state' | 'failure' | 'folder', string>>) {
    super(
      `The undisturbed run ended as ${values.state}: ${values.failure} Its logs are in ${values.folder}.`,
      { code: 'no-reference', retryable: false, values },
    );
  }
}
