/** What a run is made of, as lines. Pure. */
import { pipelineInputSchema, type PipelineInput } from '../../contracts/pipeline-input.ts';
import { counted } from '../../report/run-page/words.ts';
import type { Palette } from '../colours.ts';
import { differences, inWords, shortened } from '../differences.ts';
import { renderLineage } from '../models/render-models.ts';
import { publishedWords } from '../render-run.ts';
import { textTable } from '../text-table.ts';
import { inBytes } from '../words.ts';
import type { InspectedRun } from './inspect-run.ts';

export function renderInspectedRun(run: InspectedRun, palette: Palette): string[] {
  const { runId, state, request, published, gaps } = run;
  return [
    `${palette.bold(runId)}: ${state}`,
    ...section('Data', dataLines(run), palette),
    ...section('Recipe', request === undefined ? [] : recipeLines(request, palette), palette),
    ...section('Checkpoints that are kept', checkpointLines(run, palette), palette),
    ...section(
      'Lineage, by the SHA-256 of the contents',
      renderLineage(run.lineage, palette),
      palette,
    ),
    ...section('Published', published === undefined ? [] : [publishedWords(published)], palette),
    ...section(
      'Cannot be read',
      gaps.map((gap) => palette.red(gap)),
      palette,
    ),
  ];
}

const section = (title: string, lines: readonly string[], { bold }: Palette): string[] =>
  lines.length === 0 ? [] : ['', bold(`${title}:`), ...lines.map((line) => `  ${line}`)];

function dataLines({ request, quarantined, split, lineage: { dataset } }: InspectedRun): string[] {
  const reasons = new Map<string, string[]>();
  for (const { id, reason } of quarantined)
    reasons.set(reason, [...(reasons.get(reason) ?? []), id]);
  return [
    ...(request === undefined
      ? []
      : [`images: ${request.dataset.images.url}`, `masks: ${request.dataset.masks.url}`]),
    ...(dataset === undefined
      ? []
      : [
          `${dataset.name}: ${counted(dataset.pairs, 'pair')}, ${String(quarantined.length)} set aside`,
        ]),
    ...[...reasons].map(([reason, ids]) => `  ${reason}: ${shortened(ids.join(', '), 100)}`),
    ...(split === undefined
      ? []
      : [
          `split by seed ${String(split.seed)}: ${String(split.training)} for training, ` +
            `${String(split.validation.length)} for validation (${String(split.validationShare)})`,
        ]),
  ];
}

function recipeLines(request: PipelineInput, palette: Palette): string[] {
  const { initialWeights, augmentation, stages } = request.training;
  const usual = pipelineInputSchema.parse({ dataset: request.dataset });
  const options = differences([{ ...usual, training: { ...usual.training, stages } }, request]);
  const rows = stages.map(({ name, layers, epochs, learningRate, schedule }) => [
    name,
    layers,
    String(epochs),
    String(learningRate),
    schedule,
  ]);
  const columns = [
    { title: 'stage' },
    { title: 'layers' },
    { title: 'epochs', isNumber: true },
    { title: 'learning rate', isNumber: true },
    { title: 'schedule' },
  ];
  return [
    `from ${initialWeights.from} weights, augmentation ${augmentation === null ? 'off' : 'on'}`,
    ...textTable({ columns, rows, palette }),
    ...(options.length === 0 ? [] : ['options that differ from the defaults:']),
    ...options.map(({ option, values }) => `  ${option}: ${shortened(inWords(values[1]), 80)}`),
  ];
}

function checkpointLines({ checkpoints }: InspectedRun, palette: Palette): string[] {
  if (checkpoints.length === 0) return [];
  const columns = [
    { title: 'epoch', isNumber: true },
    { title: 'stage' },
    { title: 'steps of it', isNumber: true },
    { title: 'steps in all', isNumber: true },
    { title: 'size', isNumber: true },
  ];
  const rows = checkpoints.map(({ epoch, stage, stepInEpoch, step, bytes }) => [
    String(epoch),
    stage,
    String(stepInEpoch),
    String(step),
    inBytes(bytes),
  ]);
  return textTable({ columns, rows, palette });
}
