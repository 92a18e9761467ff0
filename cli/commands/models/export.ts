/** `lesionflow models export VERSION`: a version's files in a folder, for Python, TF Serving or Keras. */
import { Option, type Command } from 'commander';
import { openStore } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { parseModelName, VERSION_HELP } from '../../model-name.ts';
import { exportFormats, exportVersion, type ExportFormat } from '../../models/export-version.ts';
import { addJsonOption, printResult, type JsonFlag } from '../../output.ts';
import { inBytes } from '../../words.ts';
import { resolveVersion } from '../../../storage/model-registry.ts';

interface ExportFlags extends JsonFlag {
  readonly format: ExportFormat;
  readonly out: string;
}

const NOTES = `
Every file is checked against the SHA-256 that the version names. Beside the model lie its card (model-card.md) and its
manifest (manifest.json): scores, options, lineage.`;

export function addExportModelCommand(models: Command): void {
  const command = models
    .command('export')
    .description("a version's files in a folder: a SavedModel, or Keras weights")
    .argument('<version>', VERSION_HELP)
    .addOption(
      new Option('--format <format>', 'what to write')
        .choices(exportFormats)
        .default('saved-model'),
    )
    .requiredOption('--out <folder>', 'where to write; made when missing');
  addJsonOption(command, 'the files with their hashes').action(exportFiles);
  withExamples(
    command,
    [
      'models export champion --out serving/lesion/1',
      'models export lesion@3 --format h5 --out weights',
    ],
    { notes: NOTES },
  );
}

async function exportFiles(version: string, flags: ExportFlags): Promise<void> {
  const name = parseModelName(version, 'models export');
  using store = openStore(process.env);
  const resolved = await resolveVersion(store, name.model, name.version);
  const { format, out: folder } = flags;
  const files = await exportVersion(store, resolved, { format, folder });
  const { model, version: number } = resolved.ref;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  printResult(flags, { model, version: number, format, folder, files }, () => [
    ...files.map((file) => `${file.path} (${inBytes(file.bytes)})`),
    `${model} version ${String(number)}: ${inBytes(bytes)}, every hash as published.`,
  ]);
}
