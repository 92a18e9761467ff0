/** What can go wrong in the model registry. */
import { LesionFlowError } from '../contracts/errors.ts';

export class UnknownVersionError extends LesionFlowError {
  constructor({
    model,
    asked,
    existing,
  }: {
    model: string;
    asked: number | string;
    existing: readonly number[];
  }) {
    const there =
      existing.length === 0
        ? 'the model has no published version yet: train and publish one first'
        : `its versions are ${existing.join(', ')}; name one of them or an alias such as "champion"`;
    super(`Model "${model}" has no version or alias "${asked}": ${there}.`, {
      code: 'unknown-version',
      retryable: false,
      values: { model, asked, existing },
    });
  }
}
