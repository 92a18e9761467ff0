/** `lesionflow predict IMAGE…`: outlines lesions with a published version. */
import type { Command } from 'commander';
import { openStore } from '../connections.ts';
import { cacheFolderOf } from '../dev-file.ts';
import { withExamples } from '../examples.ts';
import { parseModelName, VERSION_HELP } from '../model-name.ts';
import { share } from '../option-values.ts';
import { addJsonOption, printResult, say, type JsonFlag } from '../output.ts';

interface PredictFlags extends JsonFlag {
  readonly model: string;
  readonly out: string;
  readonly minConfidence: number;
}

export function addPredictCommand(program: Command): void {
  const command = program
    .command('predict')
    .description('outline the lesion in each image: a picture, a mask PNG and JSON for each')
    .argument('<image...>', 'image files')
    .option('--model <version>', VERSION_HELP, 'champion')
    .requiredOption('--out <folder>', 'where to write')
    .option('--min-confidence <share>', 'leave out what is less certain, 0 to 1', share, 0.05);
  addJsonOption(command, 'all predictions').action(predict);
  withExamples(command, [
    'predict a.jpg b.jpg --out predictions',
    'predict *.jpg --model lesion@3 --out predictions --json > predictions.json',
  ]);
}

async function predict(images: string[], flags: PredictFlags): Promise<void> {
  const name = parseModelName(flags.model);
  using store = openStore(process.env);
  const predictImages = await loadPredict();
  const predictions = await predictImages({
    store,
    name,
    images,
    out: flags.out,
    cacheFolder: cacheFolderOf(process.env),
    minConfidence: flags.minConfidence,
    onPrediction: ({ image, instances, files }) => {
      const best = instances[0];
      const found =
        best === undefined ? 'nothing found' : `${best.className} ${best.score.toFixed(2)}`;
      if (!flags.json) say(`${image}: ${found} → ${files.overlay}`);
    },
  });
  // For a person each stands there already.
  printResult(flags, predictions, () => []);
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
