/** Columns of text under their titles, as wide as they need; colours take no room. */
import { stripVTControlCharacters } from 'node:util';
import { plainPalette, type Palette } from './colours.ts';

export interface Column {
  readonly title: string;
  /** Numbers are aligned at their end. @default false */
  readonly isNumber?: boolean;
}

export interface TextTable {
  readonly columns: readonly Column[];
  /** A cell for each column. */
  readonly rows: readonly (readonly string[])[];
  readonly palette?: Palette;
}

/** A line for the titles and one a row. */
export function textTable({ columns, rows, palette = plainPalette }: TextTable): string[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(width(title), ...rows.map((row) => width(row[at] ?? ''))),
  );
  const lineOf = (cells: readonly string[]) =>
    columns
      .map(({ isNumber = false }, at) => {
        const cell = cells[at] ?? '';
        const room = ' '.repeat((widths[at] ?? 0) - width(cell));
        return isNumber ? room + cell : cell + room;
      })
      .join('  ')
      .trimEnd();
  return [palette.dim(lineOf(columns.map(({ title }) => title))), ...rows.map(lineOf)];
}

const width = (text: string): number => stripVTControlCharacters(text).length;
