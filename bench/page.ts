/** The results as a page in markdown: what was measured on what, the ratios to the peers, what differs. */
import { caseName } from './cases.ts';
import { DIFFERENT, SAME } from './differences.ts';
import {
  bestOf,
  EAGER,
  median,
  OURS,
  TORCHVISION,
  type CaseResult,
  type Finished,
  type Results,
} from './results.ts';

/** `name` is that of the results' files, without an ending. */
export function resultsPage(results: Results, name: string): string {
  const { cases, machine, load, warnings } = results;
  const memory = (machine.memoryBytes / 2 ** 30).toFixed(0);
  return [
    '# Speed and memory beside the peers',
    `Written by \`npm run bench -- ${results.arguments.join(' ')}\` (${results.date.slice(0, 16).replace('T', ' ')} UTC). ` +
      `Every raw time: [${name}.json](${name}.json).`,
    [
      `- ${machine.cpu}, ${String(machine.cores)} cores, ${memory} GiB, ${machine.flags.join(' ')}; Linux ${machine.kernel}, Node.js ${machine.node}`,
      ...libraries(cases).map((library) => `- ${library}`),
      `- commit ${machine.commit ?? 'unknown'}${machine.changed ? ', with changes' : ''}; load ${load.before.toFixed(2)} before, ${load.after.toFixed(2)} after`,
      `- pictures: ${results.pictures}; our weights: ${results.weights}`,
      ...warnings.map((warning) => `- **warning:** ${warning}`),
    ].join('\n'),
    `![Medians by case](${name}.svg)`,
    '## Ours against each peer',
    "Medians. A ratio below 1 is a time (or a peak of resident memory) smaller than the peer's; torchvision is its best layout.",
    ratioTable(cases),
    '## Every contestant',
    'Milliseconds: median (least to most) of the counted runs. Peak: the most memory that the process ever held, the building of the graph included.',
    contestantTable(cases),
    '## The same work',
    bullets(SAME),
    '## What differs',
    bullets(DIFFERENT),
    '',
  ].join('\n\n');
}

function ratioTable(cases: readonly CaseResult[]): string {
  const compared = cases.filter(({ entries }) => entries.length > 1);
  return table(
    [
      'case',
      'LesionFlow ms',
      'torchvision ms',
      'ratio',
      'eager ms',
      'ratio',
      'peak GB',
      'of torchvision',
      'of eager',
    ],
    compared.map((result) => {
      const ours = bestOf(result, OURS);
      const [torch, eager] = [bestOf(result, TORCHVISION), bestOf(result, EAGER)];
      const time = (entry: Finished | undefined) => entry && median(entry.milliseconds);
      const peak = (entry: Finished | undefined) => entry && entry.peakResidentBytes / 1e9;
      return [
        caseName(result.case),
        shown(time(ours), 0),
        shown(time(torch), 0),
        shown(ratio(time(ours), time(torch)), 2),
        shown(time(eager), 0),
        shown(ratio(time(ours), time(eager)), 2),
        shown(peak(ours), 1),
        shown(ratio(peak(ours), peak(torch)), 2),
        shown(ratio(peak(ours), peak(eager)), 2),
      ];
    }),
  );
}

function contestantTable(cases: readonly CaseResult[]): string {
  const rows = cases.flatMap((result) =>
    result.entries.map((entry): string[] => {
      const who = [caseName(result.case), entry.name];
      if (entry.outcome !== 'finished') {
        return [...who, entry.outcome, '', '', firstLine(entry.reason)];
      }
      const { milliseconds, peakResidentBytes } = entry;
      const [least, most] = [Math.min(...milliseconds), Math.max(...milliseconds)];
      const middle = median(milliseconds);
      return [
        ...who,
        `${middle.toFixed(0)} (${least.toFixed(0)} to ${most.toFixed(0)})`,
        String(milliseconds.length),
        (peakResidentBytes / 1e9).toFixed(1),
        notes(entry),
      ];
    }),
  );
  return table(['case', 'contestant', 'ms', 'runs', 'peak GB', 'remarks'], rows);
}

function notes({ parts = {}, detections, positives }: Finished): string {
  return [
    ...Object.entries(parts).map(([part, ms]) => `${part} ${ms.toFixed(0)} ms`),
    ...(detections === undefined ? [] : [`${shown(detections, 1)} detections an image`]),
    ...(positives === undefined ? [] : [`${String(positives)} RoIs on the lesion`]),
  ].join(', ');
}

function libraries(cases: readonly CaseResult[]): string[] {
  const all = cases.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.outcome === 'finished' ? [entry.library] : [])),
  );
  return [...new Set(all)];
}

function ratio(ours: number | undefined, peer: number | undefined): number | undefined {
  return ours === undefined || peer === undefined ? undefined : ours / peer;
}

const shown = (value: number | undefined, digits: number) =>
  value === undefined ? '–' : value.toFixed(digits);

const firstLine = (text: string) => (text.split('\n')[0] ?? '').replaceAll('|', '\\|');

const bullets = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
