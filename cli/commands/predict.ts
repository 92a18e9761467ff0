/** `lesionflow predict IMAGE…`: outlines lesions with a published version. */
import type { Command } from 'commander';
import { openStore } from '../connections.ts';
import { cacheFolderOf } from '../dev-file.ts';
import { UsageError } from '../failures.ts';
import { parseModelName } from '../model-name.ts';

interface PredictFlags {
  readonly model: string;
  readonly out: string;
  readonly minConfidence: string;
  readonly json?: true;
}

export function addPredictCommand(program: Command): void {
  program
    .command('predict')
    .description('outline the lesion in each image: a picture, a mask PNG and JSON for each')
    .argument('<image...>', 'image files')
    .option('--model <version>', 'a version or alias, e.g. champion, 3 or lesion@3', 'champion')
    .requiredOption('--out <folder>', 'where to write')
    .option('--min-confidence <share>', 'leave out what is less certain, 0 to 1', '0.05')
    .option('--json', 'print all predictions as JSON')
    .action(predict);
}

async function predict(images: string[], flags: PredictFlags): Promise<void> {
  const name = parseModelName(flags.model);
  const minConfidence = Number(flags.minConfidence);
  if (!(minConfidence >= 0 && minConfidence <= 1)) {
    throw new UsageError(
      `--min-confidence takes a number from 0 to 1, got "${flags.minConfidence}".`,
    );
  }
  using store = openStore(process.env);
  const predictImages = await loadPredict();
  const predictions = await predictImages({
    store,
    name,
    images,
    out: flags.out,
    cacheFolder: cacheFolderOf(process.env),
    minConfidence,
    onPrediction: ({ image, instances, files }) => {
      const best = instances[0];
      const found =
        best === undefined ? 'nothing found' : `${best.className} ${best.score.toFixed(2)}`;
      if (!flags.json) process.stdout.write(`${image}: ${found} → ${files.overlay}\n`);
    },
  });
  if (flags.json) process.stdout.write(`${JSON.stringify(predictions)}\n`);
}

/**
 * TensorFlow takes seconds to load, and no other command needs it. In a function of its own: tsc leaves `.ts` in an
 * import() beside a `using`.
 */
async function loadPredict() {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const { predictImages } = await import('../predict-images.ts');
  return predictImages;
}
