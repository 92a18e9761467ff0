/** An augmentation from the command line: a preset's name, a YAML or JSON file, or such text itself. */
import { existsSync, readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import type { Augmentation } from '../../augmentation/operations.ts';
import { augmentationSchema } from '../../augmentation/schema.ts';
import { describeIssues } from '../../wording/describe-issues.ts';
import { UsageError } from '../failures.ts';

/** @throws UsageError */
export function augmentationOf(text: string): Augmentation {
  const input = parsed(existsSync(text) ? readFileSync(text, 'utf8') : text);
  const result = augmentationSchema.safeParse(input);
  if (result.success) return result.data;
  const problems = describeIssues(result.error, { schema: augmentationSchema, input });
  throw new UsageError(
    `--augment is not valid:\n${problems.map((problem) => `- ${problem}`).join('\n')}\n` +
      'Give a preset, a YAML or JSON file, or its text, e.g. [{ op: fliplr, p: 0.5 }].',
    { problems },
  );
}

function parsed(text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--augment cannot be read: ${reason}`, { text });
  }
}
