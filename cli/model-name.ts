/** Which model a command means: `champion`, `7`, `lesion@champion` or `lesion@7`. */
import { pipelineInputSchema } from '../contracts/pipeline-input.ts';
import { UsageError } from './failures.ts';

export interface ModelName {
  readonly model: string;
  /** A version's number or an alias. */
  readonly version: string;
}

/** Without a name before `@` the pipeline's default model is meant. Throws `UsageError`. */
export function parseModelName(text: string): ModelName {
  const [, model, version] = /^(?:([a-z0-9][a-z0-9-]*)@)?([a-z0-9][a-z0-9-]*)$/.exec(text) ?? [];
  if (version === undefined) {
    throw new UsageError(
      `--model takes a version's number or an alias, after "name@" where the model is not ` +
        `"${defaultModel()}", e.g. champion, 3 or lesion@3; got "${text}".`,
      { model: text },
    );
  }
  return { model: model ?? defaultModel(), version };
}

const defaultModel = (): string => pipelineInputSchema.shape.publish.parse({}).model;
