/** `lesionflow models show VERSION`: scores, options, files and lineage down to the archives' hashes. */
import type { Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openStore } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { parseModelName, VERSION_HELP } from '../../model-name.ts';
import { renderVersion } from '../../models/render-models.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { listModels } from '../../../storage/list-models.ts';
import { resolveVersion } from '../../../storage/model-registry.ts';

export function addShowModelCommand(models: Command): void {
  const command = models
    .command('show')
    .description("one version: scores, options, files, lineage down to the archives' hashes")
    .argument('<version>', VERSION_HELP);
  addJsonOption(command, 'its manifest and aliases').action(show);
  withExamples(command, [
    'models show champion',
    '$ lesionflow models show lesion@3 --json | jq .manifest.lineage.archives',
  ]);
}

async function show(version: string, flags: JsonFlag): Promise<void> {
  const name = parseModelName(version, 'models show');
  using store = openStore(process.env);
  const resolved = await resolveVersion(store, name.model, name.version);
  const aliases = (await listModels(store, name.model)).flatMap((model) => model.aliases);
  printResult(flags, { ...resolved, aliases }, () =>
    renderVersion({ resolved, aliases }, paletteFor(process.stdout)),
  );
}
