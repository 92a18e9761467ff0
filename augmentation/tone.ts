/** Changes that look at one channel of one pixel at a time: a table of 256 values does them all. */
import type { DrawnOperation } from './draw.ts';
import { rowsOf, type Region } from './region.ts';

export type ToneOperation = Extract<DrawnOperation, { op: 'brightness' | 'contrast' | 'gamma' }>;

/** Does `operations` one after the other, rounding once at the end. */
export function changeTone(region: Region, operations: readonly ToneOperation[]): void {
  const curves = operations.map(curveOf);
  const table = Uint8Array.from({ length: 256 }, (_, value) =>
    Math.round(curves.reduce((v, curve) => Math.min(Math.max(curve(v), 0), 255), value)),
  );
  for (const row of rowsOf(region)) {
    for (let i = 0; i < row.length; i++) row[i] = table[row[i] as number] as number;
  }
}

function curveOf(operation: ToneOperation): (value: number) => number {
  switch (operation.op) {
    case 'brightness':
      return (value) => value * operation.multiply + operation.add;
    case 'contrast':
      return (value) => 127 + operation.alpha * (value - 127);
    case 'gamma':
      return (value) => 255 * (value / 255) ** operation.gamma;
  }
}
