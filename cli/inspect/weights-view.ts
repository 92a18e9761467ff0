/** A weight file's statistics and histograms, read weight by weight: files of any Keras model will do. */
import { readKerasWeights } from '../../maskrcnn/weights/keras-h5.ts';
import { plotWeightHistograms, sampleOf } from '../../report/plots/weight-histograms.ts';
import { renderWeightStats, weightStats, type WeightStats } from '../../report/weight-stats.ts';
import type { PictureWriter } from './write-pictures.ts';

/** Writes `weights` (the histograms), `weights.txt` and `weights.json`. @throws WeightFileError */
export async function viewWeights(
  path: string,
  { name, writer }: { readonly name: string; readonly writer: PictureWriter },
): Promise<readonly WeightStats[]> {
  using file = await readKerasWeights(path);
  const sampled = file.layers
    .flatMap(({ weights }) => weights)
    .map((weight) => {
      const values = weight.read();
      const stats = weightStats({ name: weight.name, shape: weight.shape, values });
      return { stats, drawn: { name: weight.name, flags: stats.flags, ...sampleOf(values) } };
    });
  const stats = sampled.map((weight) => weight.stats);
  const drawn = sampled.map((weight) => weight.drawn);
  await writer.picture('weights', plotWeightHistograms(drawn, `Weights of ${name}`));
  await writer.text('weights.txt', `${renderWeightStats(stats).join('\n')}\n`);
  await writer.text('weights.json', `${JSON.stringify(stats, null, 1)}\n`);
  return stats;
}
