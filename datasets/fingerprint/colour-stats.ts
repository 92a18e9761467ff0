/** Mean and deviation of each channel, over a picture and over a set. */
import { z } from 'zod';

const rgb = z.tuple([z.number(), z.number(), z.number()]);

/** Red, green, blue, 0 to 255. */
export const colourStatsSchema = z.strictObject({ mean: rgb, deviation: rgb });
export type ColourStats = z.output<typeof colourStatsSchema>;
type Rgb = ColourStats['mean'];

const CHANNELS = [0, 1, 2] as const;

/** Of the pixels `[N * (r, g, b)]` whose label `[N]` is the one asked for; `undefined` when there is none. */
export function colourStats(
  pixels: Uint8Array,
  { labels, label }: { readonly labels: Uint8Array; readonly label: number },
): ColourStats | undefined {
  const sums: Rgb = [0, 0, 0];
  const squares: Rgb = [0, 0, 0];
  let count = 0;
  for (let pixel = 0; pixel < labels.length; pixel++) {
    if (labels[pixel] !== label) continue;
    count++;
    for (const channel of CHANNELS) {
      const value = pixels[3 * pixel + channel] ?? 0;
      sums[channel] += value;
      squares[channel] += value * value;
    }
  }
  if (count === 0) return undefined;
  const mean = each((channel) => sums[channel] / count);
  const deviation = each((channel) =>
    Math.sqrt(Math.max(0, squares[channel] / count - mean[channel] ** 2)),
  );
  return { mean, deviation };
}

/** Of several sets of pixels put together, each counting as much as its weight; NaN of none. */
export function pooled(
  all: readonly ColourStats[],
  weightOf: (index: number) => number = () => 1,
): ColourStats {
  const total = all.reduce((sum, _, index) => sum + weightOf(index), 0);
  const average = (value: (stats: ColourStats) => number) =>
    all.reduce((sum, stats, index) => sum + weightOf(index) * value(stats), 0) / total;
  const mean = each((channel) => average((stats) => stats.mean[channel]));
  const deviation = each((channel) => {
    const square = average((stats) => stats.deviation[channel] ** 2 + stats.mean[channel] ** 2);
    return Math.sqrt(Math.max(0, square - mean[channel] ** 2));
  });
  return { mean, deviation };
}

/** Of Rec. 601, 0 to 255: how bright a colour looks. */
export const brightnessOf = ([red, green, blue]: Rgb): number =>
  0.299 * red + 0.587 * green + 0.114 * blue;

/** The distance of two colours, 0 to 442. */
export const colourDistance = (a: Rgb, b: Rgb): number =>
  Math.hypot(...CHANNELS.map((channel) => a[channel] - b[channel]));

const each = (value: (channel: 0 | 1 | 2) => number): Rgb => [value(0), value(1), value(2)];
