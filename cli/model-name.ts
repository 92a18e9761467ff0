/** Which model a command means: `champion`, `7`, `lesion@champion` or `lesion@7`. */
import { pipelineInputSchema } from '../contracts/pipeline-input.ts';
import { UsageError } from './failures.ts';

export interface ModelName {
  readonly model: string;
  /** A version's number or an alias. */
  readonly version: string;
}

/** For the help of arguments. */
export const VERSION_HELP = 'a version or alias, e.g. champion, 3 or lesion@3';

/** Without a name before `@` the pipeline's default model is meant; `what` was given it. Throws `UsageError`. */
export function parseModelName(text: string, what = '--model'): ModelName {
  const [, model, version] = /^(?:([a-z0-9][a-z0-9-]*)@)?([a-z0-9][a-z0-9-]*)$/.exec(text) ?? [];
  if (version === undefined) {
    throw new UsageError(
      `${what} takes a version's number or an alias, after "name@" where the model is not ` +
        `"${defaultModel()}", e.g. champion, 3 or lesion@3; got "${text}".`,
      { model: text },
    );
  }
  return { model: model ?? defaultModel(), version };
}

/** A name for an alias; digits alone would name a version. Throws `UsageError`. */
export function aliasName(text: string): string {
  if (/^(?!\d+$)[a-z0-9][a-z0-9-]{0,62}$/.test(text)) return text;
  throw new UsageError(
    `An alias has lower-case letters, digits and dashes, and is no number, e.g. champion; got "${text}".`,
    { alias: text },
  );
}

export const defaultModel = (): string => pipelineInputSchema.shape.publish.parse({}).model;
