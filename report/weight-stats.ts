/**
 * Numbers that tell sick weights from healthy ones: `display_weight_stats` of mrcnn/visualize.py.
 *
 * Differs on purpose: the biases of all layers may be constant, not only those of plain convolutions (the
 * heads' biases are in other Keras layers and were flagged in every fresh model), and numbers that are not
 * finite are flagged too.
 */
import pc from 'picocolors';

export interface NamedWeight {
  /** `layer/weight`, such as `conv1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Row by row. */
  readonly values: Float32Array;
}

/** `dead?`: all values are equal. `overflow?`: one is beyond ±1000. */
export type WeightFlag = 'dead?' | 'overflow?' | 'not finite';

export interface WeightStats {
  readonly name: string;
  readonly shape: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of the population, as numpy's. */
  readonly std: number;
  readonly flags: readonly WeightFlag[];
}

const OVERFLOW = 1000;

export function weightStats({ name, shape, values }: NamedWeight): WeightStats {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
  }
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const isBias = name.endsWith('/bias');
  const flags: WeightFlag[] = [
    ...(min === max && !isBias ? (['dead?'] as const) : []),
    ...(Math.max(Math.abs(min), Math.abs(max)) > OVERFLOW ? (['overflow?'] as const) : []),
    ...(Number.isFinite(sum) ? [] : (['not finite'] as const)),
  ];
  return { name, shape, min, max, mean, std: Math.sqrt(squares / values.length), flags };
}

/** A line a weight under a headline; flags are red where `colour` is on. */
export function renderWeightStats(
  stats: readonly WeightStats[],
  { colour = false }: { readonly colour?: boolean } = {},
): string[] {
  const { red, dim } = pc.createColors(colour);
  const signed = (value: number) => `${value >= 0 ? '+' : ''}${value.toFixed(4)}`;
  const rows = stats.map(({ name, shape, min, max, mean, std }) => [
    name,
    `(${shape.join(', ')})`,
    ...[min, max, mean, std].map(signed),
  ]);
  const head = ['weight', 'shape', 'min', 'max', 'mean', 'std'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const aligned = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < 2 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ');
  return [
    dim(aligned(head)),
    ...rows.map((row, index) => {
      const flags = stats[index]?.flags ?? [];
      const text = aligned(row);
      return flags.length === 0 ? text : `${text}  ${red(`*** ${flags.join(', ')}`)}`;
    }),
  ];
}
