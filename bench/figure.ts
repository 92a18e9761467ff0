/** The medians as horizontal bars, a panel a case, each panel on its own scale; whiskers from least to most. */
import * as Plot from '@observablehq/plot';
import type { Drawing } from '../report/drawing.ts';
import { chart } from '../report/plots/chart.ts';
import { caseName } from './cases.ts';
import { EAGER, median, OURS, type CaseResult, type Finished, type Results } from './results.ts';

const WIDTH = 1000;
const BAR = 22;
const HEADING = 30;
const COLOURS = { ours: '#1668b8', eager: '#c9a227', peer: '#8a94a0' } as const;

export function drawResults({ cases, machine }: Results): Drawing {
  const bars = cases.flatMap(rowsOf);
  const height = cases.length * HEADING + bars.length * BAR + 40;
  const order = cases.flatMap((result) => [
    headingOf(result),
    ...rowsOf(result).map(({ row }) => row),
  ]);
  return chart({
    width: WIDTH,
    height,
    fontSize: 13,
    marginLeft: 230,
    marginRight: 110,
    marginTop: 10,
    marginBottom: 20,
    title: `Median times on ${machine.cpu}, ${String(machine.cores)} cores (each case on its own scale)`,
    // A case's longest bar fills the width: seconds and milliseconds would not fit one axis.
    x: { domain: [0, 1], axis: null },
    y: { domain: order, axis: null, padding: 0.25 },
    marks: [
      Plot.barX(bars, { y: 'row', x: 'length', fill: 'colour' }),
      Plot.ruleY(bars, { y: 'row', x1: 'least', x2: 'most', stroke: '#1b2126', strokeWidth: 1.5 }),
      Plot.text(bars, { y: 'row', x: 0, text: 'name', textAnchor: 'end', dx: -8 }),
      Plot.text(bars, { y: 'row', x: 'end', text: 'label', textAnchor: 'start', dx: 8 }),
      Plot.text(
        cases.map((result) => ({ row: headingOf(result), text: caseName(result.case) })),
        { y: 'row', x: 0, text: 'text', textAnchor: 'start', dx: -220, fontSize: 15 },
      ),
    ],
  });
}

interface Bar {
  readonly row: string;
  readonly name: string;
  /** Shares of the case's longest time. */
  readonly length: number;
  readonly least: number;
  readonly most: number;
  readonly end: number;
  readonly label: string;
  readonly colour: string;
}

const headingOf = ({ case: benchCase }: CaseResult) => caseName(benchCase);

function rowsOf(result: CaseResult): Bar[] {
  const finished = result.entries.filter((entry) => entry.outcome === 'finished');
  const longest = Math.max(...finished.flatMap(({ milliseconds }) => milliseconds));
  return finished.map((entry) => {
    const { name, milliseconds } = entry;
    const length = median(milliseconds) / longest;
    const most = Math.max(...milliseconds) / longest;
    return {
      row: `${headingOf(result)}: ${name}`,
      name,
      length,
      least: Math.min(...milliseconds) / longest,
      most,
      end: Math.max(length, most),
      label: timeOf(entry),
      colour: colourOf(name),
    };
  });
}

function timeOf({ milliseconds }: Finished): string {
  const middle = median(milliseconds);
  return middle < 1000 ? `${middle.toFixed(0)} ms` : `${(middle / 1000).toFixed(2)} s`;
}

function colourOf(name: string): string {
  if (name.startsWith(OURS)) return COLOURS.ours;
  return name.startsWith(EAGER) ? COLOURS.eager : COLOURS.peer;
}
