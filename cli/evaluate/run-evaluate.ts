/** From the flags of `lesionflow evaluate` to what it prints. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paletteFor } from '../colours.ts';
import { cacheFolderOf } from '../dev-file.ts';
import type { ConfigFlags } from '../inspect/model-config.ts';
import { progressOn } from '../inspect/progress-line.ts';
import { weightsSource, type WeightsSource } from '../inspect/weights-source.ts';
import { printResult, type JsonFlag } from '../output.ts';
import { openEvaluated, type DataFlags, type EvaluatedData } from './evaluated-data.ts';
import { renderEvaluation, type Evaluation } from './render-evaluation.ts';

export interface EvaluateFlags extends ConfigFlags, DataFlags, JsonFlag {
  readonly minConfidence: number;
  readonly out?: string;
  readonly overlays: number;
}

export async function runEvaluate(named: string, flags: EvaluateFlags): Promise<void> {
  const weights = await weightsSource(named, flags, process.env);
  await using data = await openEvaluated(weights, flags);
  const evaluation = await evaluate({ weights, data }, flags);
  printResult(flags, evaluation, () => renderEvaluation(evaluation, paletteFor(process.stdout)));
}

interface Evaluated {
  readonly weights: WeightsSource;
  readonly data: EvaluatedData;
}

async function evaluate({ weights, data }: Evaluated, flags: EvaluateFlags): Promise<Evaluation> {
  const { out, minConfidence, overlays } = flags;
  const files: string[] = [];
  const write = async (name: string, contents: Uint8Array | string) => {
    if (out === undefined) return;
    await mkdir(out, { recursive: true });
    files.push(join(out, name));
    await writeFile(join(out, name), contents);
  };
  // TensorFlow takes seconds to load: what is wrong with the flags has been said by now.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const { evaluatePairs } = await import('./evaluate-pairs.ts');
  const found = await evaluatePairs({
    ...{ weights, data, minConfidence },
    cacheFolder: cacheFolderOf(process.env),
    overlays: out === undefined ? 0 : overlays,
    onOverlay: (id, png) => write(`${id.replaceAll(/[^\w.-]/g, '_')}.png`, png),
    onProgress: progressOn(process.stderr, 'scored'),
  });
  const { manifest } = weights;
  const isOwnSplit =
    data.splitHash !== undefined && data.splitHash === manifest?.lineage.split.hash;
  const evaluation: Evaluation = {
    weights: weights.name,
    on: data.name,
    splitHash: data.splitHash ?? null,
    published: isOwnSplit ? manifest.scores : null,
    ...found,
  };
  await write('evaluation.json', `${JSON.stringify(evaluation, null, 2)}\n`);
  return { ...evaluation, files };
}
