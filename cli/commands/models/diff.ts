/** `lesionflow models diff A B`: scores, options and sources of two versions. */
import type { Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openStore } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { parseModelName, VERSION_HELP } from '../../model-name.ts';
import { diffVersions, renderVersionDiff } from '../../models/diff-versions.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { resolveVersion } from '../../../storage/model-registry.ts';

export function addDiffModelsCommand(models: Command): void {
  const command = models
    .command('diff')
    .description('how two versions differ: scores, options, what they were made from')
    .argument('<before>', VERSION_HELP)
    .argument('<after>', 'another one');
  addJsonOption(command, 'the differences').action(diff);
  withExamples(command, ['models diff champion 7', 'models diff lesion@3 lesion@champion --json']);
}

async function diff(before: string, after: string, flags: JsonFlag): Promise<void> {
  const names = [before, after].map((version) => parseModelName(version, 'models diff'));
  using store = openStore(process.env);
  const [a, b] = await Promise.all(
    names.map(({ model, version }) => resolveVersion(store, model, version)),
  );
  if (a === undefined || b === undefined) return;
  const found = diffVersions(a, b);
  printResult(flags, found, () => renderVersionDiff(found, paletteFor(process.stdout)));
}
