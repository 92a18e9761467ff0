/** What was found in a data set, in lines for a person: what to act on first. */
import type { Finding } from '../../datasets/fingerprint/finding.ts';
import { renderMaskSummary } from '../../report/mask-summary.ts';
import type { DataReport } from './data-report.ts';
import { renderProposals } from './render-proposals.ts';
import { wrapped } from './wrapped.ts';

const HEADINGS: Readonly<Record<Finding['level'], string>> = {
  act: 'To act on',
  look: 'To look at',
  note: 'Good to know',
};

/** Ids of a finding that are named; all are in `data.json`. */
const NAMED = 6;

export function renderDataReport(
  report: DataReport,
  { isAuto, preset }: { readonly isAuto: boolean; readonly preset: string | undefined },
): string[] {
  const { anchors, findings, masks, proposals } = report;
  const levels = ['act', 'look', 'note'] as const;
  return [
    '',
    ...overview(report),
    ...levels.flatMap((level) =>
      section(
        HEADINGS[level],
        findings.filter((one) => one.level === level),
      ),
    ),
    '',
    `At the training size of ${isAuto ? 'these proposals' : `the preset ${preset ?? 'recipe'}`}`,
    ...renderMaskSummary(masks).map((line) => `  ${line}`),
    ...anchors.map(
      ({ id, positive, negative, neutral }) =>
        `  anchors of ${id}: ${String(positive)} positive, ${String(negative)} negative, ${String(neutral)} neutral`,
    ),
    '',
    isAuto ? 'What --preset auto takes' : 'What --preset auto would take',
    ...renderProposals(proposals),
  ];
}

function overview({ pairs, read, quarantined, summary, split, seconds }: DataReport): string[] {
  const { lesions, images, colours } = summary;
  const percent = (share: number) => `${(100 * share).toFixed(share < 0.095 ? 1 : 0)} %`;
  const plain = (value: number) => value.toFixed(0);
  const shown = quarantined.slice(0, 5).map(({ id, reason }) => `${id} (${reason})`);
  const more = quarantined.length > shown.length ? ', …' : '';
  const unusable =
    quarantined.length === 0 ? 'none' : `${String(quarantined.length)}: ${shown.join(', ')}${more}`;
  const [commonest] = images.sizes;
  const size = `${String(commonest?.width)} × ${String(commonest?.height)}`;
  const touching = lesions.bordersTouched.slice(1).reduce((a, b) => a + b, 0);
  const total = lesions.bordersTouched.reduce((a, b) => a + b, 0);
  const colour = (kind: 'skin' | 'lesion') => colours[kind].mean.map(plain).join(', ');
  return [
    `${String(pairs)} pairs, ${String(read)} of them read; unusable: ${unusable}`,
    `  pictures  ${images.sizes.length === 1 ? `all ${size}` : `${size} most often; widths ${plain(images.width.least)} to ${plain(images.width.most)}, heights ${plain(images.height.least)} to ${plain(images.height.most)}`}`,
    `  lesions   ${percent(lesions.area.least)} to ${percent(lesions.area.most)} of the picture, half of them below ${percent(lesions.area.median)}; ${touching === 0 ? 'none' : percent(touching / total)} leave the picture`,
    `  colours   (red, green, blue) skin ${colour('skin')}; lesions ${colour('lesion')}`,
    `  split     ${String(split.training)} for training, ${String(split.validation)} for validation (seed ${String(split.seed)})`,
    `  read in   ${plain(seconds)} s`,
  ];
}

function section(heading: string, findings: readonly Finding[]): string[] {
  if (findings.length === 0) return [];
  return [
    '',
    heading,
    ...findings.flatMap(({ kind, title, advice, pictures }) => {
      const ids = pictures.map(({ id }) => id);
      const isOfPairs = kind === 'split-leak' || kind === 'near-duplicates';
      const all = isOfPairs ? inPairs(ids) : ids;
      const named = all.slice(0, NAMED);
      const more = all.length > named.length ? ', …' : '';
      return [
        ...wrapped(title, { indent: '  ' }),
        ...(named.length === 0 ? [] : wrapped(`${named.join(', ')}${more}`, { indent: '      ' })),
        ...wrapped(`→ ${advice}`, { indent: '      ' }),
      ];
    }),
  ];
}

const inPairs = (ids: readonly string[]): string[] =>
  ids.flatMap((id, index) => (index % 2 === 0 ? [`${id} with ${ids[index + 1] ?? ''}`] : []));
