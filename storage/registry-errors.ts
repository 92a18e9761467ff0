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

/** Between a person's look at an alias and the move, somebody else moved it. */
export class AliasMovedError extends LesionFlowError {
  constructor({
    model,
    alias,
    from,
    now,
  }: {
    model: string;
    alias: string;
    from: number | undefined;
    now: number | undefined;
  }) {
    const named = (version: number | undefined) =>
      version === undefined ? 'nothing' : `version ${String(version)}`;
    super(
      `The alias "${alias}" of model "${model}" named ${named(from)} when this was decided, and names ${named(now)} now: ` +
        'somebody else moved it, and nothing was changed. Look at both ("lesionflow models list") and decide anew.',
      { code: 'alias-moved', retryable: false, values: { model, alias, from, now } },
    );
  }
}
