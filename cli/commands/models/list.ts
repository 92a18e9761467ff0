/** `lesionflow models list`: the versions that were published, with their scores and aliases. */
import type { Command } from 'commander';
import { paletteFor } from '../../colours.ts';
import { openStore } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { catalogue } from '../../models/catalogue.ts';
import { renderCatalogue } from '../../models/render-models.ts';
import { wholeNumber } from '../../option-values.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';

interface ListFlags extends JsonFlag {
  readonly limit: number;
}

export function addListModelsCommand(models: Command): void {
  const command = models
    .command('list')
    .description('the versions that were published, with their scores and aliases')
    .argument('[model]', 'only the versions of this model')
    .option('--limit <number>', 'at most so many', wholeNumber(1), 50);
  addJsonOption(command, 'the versions').action(list);
  withExamples(command, [
    'models list',
    "$ lesionflow models list lesion --json | jq '.[] | select(.aliases != []) | .version'",
  ]);
}

async function list(model: string | undefined, flags: ListFlags): Promise<void> {
  using store = openStore(process.env);
  const entries = (await catalogue(store, model)).slice(0, flags.limit);
  printResult(flags, entries, () =>
    entries.length === 0
      ? [
          `Nothing is published${model === undefined ? '' : ` under "${model}"`} yet. A run publishes its model at its end.`,
        ]
      : renderCatalogue(entries, paletteFor(process.stdout)),
  );
}
