/** What tests of parity record, and the page that is made of it (docs/parity.md). */

/** Names the file that rows are appended to, one JSON a line; unset outside of `npm run parity`. */
export const RECORD_VARIABLE = 'LESIONFLOW_PARITY_RECORD';

export interface ParityDeviation {
  /** The part of the page that the row belongs to. */
  readonly part: 'inference' | 'training' | 'utilities';
  /** What was compared, in a few words, such as `P2` or `masks of detect`. */
  readonly quantity: string;
  /** The largest deviation seen, not negative; NaN is more than any tolerance. */
  readonly deviation: number;
  /** The largest deviation allowed; 0 asks for equality. */
  readonly tolerance: number;
  /** What both are measured in. @default 'absolute' */
  readonly unit?:
    | 'absolute'
    | 'relative'
    | 'pixels'
    | 'share of pixels'
    | '1 - IoU'
    | 'share missing'
    | 'values that differ';
}

export interface ParityRow extends Required<ParityDeviation> {
  /** File of the test, from the root of the repository. */
  readonly file: string;
  /** Full name of the test. */
  readonly test: string;
}

const PARTS = [
  ['inference', 'Inference'],
  ['training', 'Training'],
  ['utilities', 'Utilities'],
] as const;

/** The page as Markdown: a table for each part, one row for each quantity with its largest deviation. */
export function parityPage(recorded: readonly ParityRow[]): string {
  const rows = largest(recorded);
  const sections = PARTS.map(([part, title]) => {
    const lines = rows.filter((row) => row.part === part).map(tableRow);
    return [
      `## ${title}\n`,
      '| quantity | largest deviation | tolerance | measured in | test |',
      '|---|---|---|---|---|',
      ...lines,
    ].join('\n');
  });
  return [
    '# Equal to Matterport, number by number\n',
    'Written by `npm run parity`, which runs the tests below and takes from them what they measured. The',
    'reference is Matterport’s Mask R-CNN at 3deaec5 on TensorFlow 1.14 and Keras 2.2.4; "values that differ"',
    'counts integers, names or flags that must be equal. The same numbers for any other configuration come',
    'from a checkout of the library: test/maskrcnn/parity/reference/inference.py says how.\n',
    `${sections.join('\n\n')}\n`,
  ].join('\n');
}

/** One row a quantity, in the order of file and first appearance. */
function largest(recorded: readonly ParityRow[]): ParityRow[] {
  const rows = new Map<string, ParityRow>();
  for (const row of recorded) {
    const key = `${row.part} ${row.quantity} ${row.unit}`;
    const known = rows.get(key);
    if (known === undefined || row.deviation > known.deviation) rows.set(key, row);
  }
  return [...rows.values()].sort((a, b) => (a.file === b.file ? 0 : a.file < b.file ? -1 : 1));
}

function tableRow({ quantity, deviation, tolerance, unit, file, test }: ParityRow): string {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const seen = deviation <= tolerance ? short(deviation) : `**${short(deviation)}, too much**`;
  const cells = [quantity, seen, short(tolerance), unit, `${test} ([${name}](../${file}))`];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function short(value: number): string {
  if (value === 0) return '0';
  return Number.isInteger(value) ? String(value) : value.toExponential(1);
}
