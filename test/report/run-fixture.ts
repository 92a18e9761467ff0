/**
 * A run in a store, as the pipeline leaves it, but without TensorFlow: drawn pictures go through the real steps up to
 * the split; predictions are the truth moved by some pixels, scored, drawn and published by the real code.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationManifest, ImageScore, StoredFile } from '../../contracts/manifests.ts';
import { pipelineInputSchema, type PipelineInput } from '../../contracts/pipeline-input.ts';
import {
  pipelineStepSchema,
  runStatusSchema,
  type EpochResult,
  type Losses,
} from '../../contracts/progress.ts';
import type {
  CheckpointRef,
  DatasetRef,
  EvaluationRef,
  RecordsRef,
  SplitRef,
} from '../../contracts/references.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import { readOriginal, readOriginalMask } from '../../datasets/original-images.ts';
import { splitDataset } from '../../datasets/split-dataset.ts';
import { drawPicture } from '../../datasets/synthetic/draw-picture.ts';
import { datasetManifestSchema, splitManifestSchema } from '../../contracts/manifests.ts';
import { meanScores, scoreMask } from '../../evaluation/isic-scores.ts';
import { extractBox } from '../../maskrcnn/masks/extract-boxes.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import { drawOverlay } from '../../report/overlay.ts';
import type { KnownRun } from '../../report/run-page/facts.ts';
import { createEventWriter } from '../../report/tensorboard.ts';
import { readNamedDocument, sha256, writeDocument } from '../../storage/documents.ts';
import { resolveVersion } from '../../storage/model-registry.ts';
import { moveAlias } from '../../storage/move-alias.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { publishVersion } from '../../storage/publish-version.ts';
import { chooseOverlays } from '../../trainer/tasks/choose-overlays.ts';
import { datasetOf } from '../datasets/support.ts';
import { TO_CHAMPION, writeVersionFiles } from '../storage/registry-fixtures.ts';

/** What a careless page would run. */
export const HOSTILE = `<img src=x onerror="document.title='owned'">`;

export interface DataOptions {
  readonly pictures: number;
  /** Of a picture's longer side, in pixels. */
  readonly side: number;
  readonly validationShare?: number;
}

export interface PreparedRunData {
  readonly dataset: DatasetRef;
  readonly split: SplitRef;
  readonly records: RecordsRef;
  readonly request: PipelineInput;
}

export const STEPS_PER_EPOCH = 40;
/** The epoch in which a worker was lost, and the steps that were done again. */
export const LOST = { epoch: 4, from: 17, until: 25 } as const;

/** Of the pictures, one has no mask, one does not decode, and one has a name that means harm. */
export async function prepareRunData(
  store: ObjectStore,
  { pictures, side, validationShare = 0.5 }: DataOptions,
): Promise<PreparedRunData> {
  const [images, masks] = [[], []] as { name: string; contents: Buffer }[][];
  for (let index = 0; index < pictures; index++) {
    const size = { width: side, height: Math.round(side * (index % 3 === 0 ? 1 : 0.75)) };
    const { jpeg, png } = await drawPicture(size, randomStream(8, 'report', index));
    const id = `ISIC_${String(9_000_000 + index)}`;
    images?.push({ name: `${id}.jpg`, contents: index === 1 ? jpeg.subarray(0, 400) : jpeg });
    if (index !== 0) masks?.push({ name: `${id}_segmentation.png`, contents: png });
    if (index === 2)
      images?.push({ name: `${HOSTILE.replaceAll('/', '')}.jpg`, contents: jpeg.subarray(0, -1) });
  }
  const dataset = await datasetOf(store, {
    dataset: 'moles',
    images: images ?? [],
    masks: masks ?? [],
  });
  const split = await splitDataset({ store, dataset, seed: 42, validationShare });
  const records = {
    manifestKey: 'records.json',
    hash: sha256('records'),
    size: 128,
    records: dataset.pairs,
  };
  const request = pipelineInputSchema.parse({
    dataset: {
      name: 'moles',
      images: 'https://example.org/images.zip',
      masks: 'https://example.org/masks.zip',
    },
    model: {
      backbone: 'resnet50',
      imageMinDim: 128,
      imageMaxDim: 128,
      imagesPerGpu: 4,
      stepsPerEpoch: STEPS_PER_EPOCH,
      validationSteps: 4,
    },
    training: {
      stages: [
        { name: 'heads', layers: 'heads', epochs: 3, learningRate: 1e-3, warmupSteps: 20 },
        { name: 'all', layers: 'all', epochs: 7, learningRate: 3e-4, schedule: 'cosine' },
      ],
    },
  });
  return { dataset, split, records, request };
}

const PARTS = {
  rpnClass: 0.05,
  rpnBbox: 0.3,
  mrcnnClass: 0.12,
  mrcnnBbox: 0.2,
  mrcnnMask: 0.28,
  l2: 0.05,
} as const;

/** Falls with `time` (in epochs), each part at its own pace; `rise` lifts validation at the end. */
function lossesAt(time: number, rise = 0): Losses {
  const parts = Object.fromEntries(
    Object.entries(PARTS).map(([name, floor], index) => {
      const falls = name === 'l2' ? 1 : 1 + 3.2 * Math.exp(-time / (1 + 0.4 * index));
      return [name, floor * falls * (name === 'l2' ? 1 : 1 + rise)];
    }),
  ) as Omit<Losses, 'total'>;
  return { ...parts, total: Object.values(parts).reduce((sum, value) => sum + value) };
}

/** Results of the first `count` epochs. */
export function epochResults(count: number): EpochResult[] {
  return Array.from({ length: count }, (_, index) => {
    const epoch = index + 1;
    return {
      stage: epoch <= 3 ? 'heads' : 'all',
      epoch,
      training: lossesAt(epoch - 0.5),
      validation: lossesAt(epoch, 0.06 + 0.035 * Math.max(0, epoch - 6)),
      seconds: 94 + ((epoch * 7) % 11),
      ...(epoch === 1 && {
        startedFrom: 'Started from COCO weights: 352 layers loaded, 4 start afresh.',
      }),
      ...(epoch === LOST.epoch && { stepsRedone: LOST.until - LOST.from + 1 }),
    };
  });
}

/** The event files of the first `count` epochs; `partOf` adds the start of the next one. */
export async function storeEvents(
  store: ObjectStore,
  {
    runId,
    folder,
    count,
    partOf = 0,
  }: { runId: string; folder: string; count: number; partOf?: number },
): Promise<void> {
  const began = Date.UTC(2026, 10, 21, 2);
  const write = async (epoch: number, attempt: number, [from, to]: readonly [number, number]) => {
    const clock = { now: began + 110_000 * epoch + 30_000 * attempt };
    const name = `events.out.tfevents.${String(Math.floor(clock.now / 1000))}.e${String(epoch)}-wf-${String(epoch)}-a${String(attempt)}-x`;
    const writer = createEventWriter({ path: join(folder, runId, name), now: () => clock.now });
    const noise = randomStream(3, 'noise', epoch);
    for (let step = from; step <= to; step++) {
      clock.now += 2300;
      const global = (epoch - 1) * STEPS_PER_EPOCH + step;
      const losses = lossesAt(epoch - 1 + step / STEPS_PER_EPOCH);
      const factor = 1 + 0.18 * noise.normal();
      for (const [part, value] of Object.entries(losses))
        writer.scalar(`step/${part}`, part === 'l2' ? value : value * factor, global);
      writer.scalar('learning-rate', rateAt(epoch, step), global);
    }
    if (to === STEPS_PER_EPOCH) {
      const result = epochResults(epoch).at(-1);
      const end = epoch * STEPS_PER_EPOCH;
      for (const group of ['training', 'validation'] as const)
        for (const [part, value] of Object.entries(result?.[group] ?? {}))
          writer.scalar(`${group}/${part}`, value, end);
      writer.scalar('images-per-second', (STEPS_PER_EPOCH * 4) / (result?.seconds ?? 1), end);
      writer.scalar('data-wait-share', 0.04 + 0.01 * (epoch % 3), end);
      writer.scalar('peak-resident-gigabytes', 2.9, end);
    }
    writer.close();
    const key = `${storeKeys.eventsFolder(runId, epoch <= 3 ? 'heads' : 'all')}/${name}`;
    await store.put(key, await readFile(join(folder, runId, name)));
  };
  for (let epoch = 1; epoch <= count; epoch++) {
    if (epoch === LOST.epoch) await write(epoch, 1, [1, LOST.until]);
    await write(
      epoch,
      2,
      epoch === LOST.epoch ? [LOST.from, STEPS_PER_EPOCH] : [1, STEPS_PER_EPOCH],
    );
  }
  if (partOf > 0) await write(count + 1, 1, [1, partOf]);
}

function rateAt(epoch: number, step: number): number {
  const global = (epoch - 1) * STEPS_PER_EPOCH + step;
  if (epoch <= 3) return 1e-3 * Math.min(1, global / 20);
  const share = (global - 3 * STEPS_PER_EPOCH) / (7 * STEPS_PER_EPOCH);
  return 3e-4 * 0.5 * (1 + Math.cos(Math.PI * share));
}

export interface ScoredRun {
  readonly evaluation: EvaluationRef;
  readonly checkpoint: CheckpointRef;
}

/** Scores and draws; `off` says how far predictions are from the truth. The last image has none. */
export async function storeEvaluation(
  store: ObjectStore,
  { runId, data, off }: { runId: string; data: PreparedRunData; off: number },
): Promise<ScoredRun> {
  const source = { key: data.dataset.manifestKey, hash: data.dataset.hash };
  const { pairs } = await readNamedDocument(store, source, datasetManifestSchema);
  const { validation } = await readNamedDocument(store, data.split, splitManifestSchema);
  const byId = new Map(pairs.map((pair) => [pair.id, pair]));
  const predictions = new Map<string, Uint8Array>();
  const images: ImageScore[] = [];
  for (const [index, id] of [...validation].sort().entries()) {
    const pair = byId.get(id);
    if (pair === undefined) throw new Error(`no pair ${id}`);
    const truth = await readOriginalMask(store, pair);
    const random = randomStream(5, 'predict', index);
    const far = off * pair.width * Math.abs(random.normal());
    const isMissed = index === validation.length - 1;
    const mask = isMissed
      ? new Uint8Array(truth.length)
      : moved(truth, pair.width, [Math.round(far * 0.7), Math.round(far)]);
    predictions.set(id, mask);
    const scores = scoreMask(mask, truth);
    const confidence = isMissed
      ? null
      : Math.min(0.999, 0.45 + 0.55 * scores.jaccard + 0.06 * random.normal());
    images.push({ id, confidence, scores });
  }
  const overlays: StoredFile[] = [];
  for (const { id, scores, confidence } of chooseOverlays(images, 12)) {
    const pair = byId.get(id);
    const mask = predictions.get(id);
    if (pair === undefined || mask === undefined) continue;
    const box = extractBox(mask, [pair.height, pair.width]);
    const png = await drawOverlay({
      image: await readOriginal(store, pair),
      truth: await readOriginalMask(store, pair),
      instances: confidence === null ? [] : [{ mask, box, score: confidence, label: 'lesion' }],
      caption: `Jaccard ${scores.jaccard.toFixed(2)}`,
    });
    const key = storeKeys.overlay(runId, 'attempt', id);
    await store.put(key, png);
    overlays.push({ key, bytes: png.length, sha256: sha256(png) });
  }
  const checkpoint = {
    manifestKey: `runs/${runId}/checkpoint.json`,
    hash: sha256(`${runId} checkpoint`),
    stage: 'all',
    epoch: 10,
    stepInEpoch: STEPS_PER_EPOCH,
  };
  const scores = meanScores(images.map((image) => image.scores));
  const manifest: EvaluationManifest = {
    kind: 'evaluation',
    ...{ checkpoint, split: data.split, scores, images, overlays },
  };
  const { key, hash } = await writeDocument(
    store,
    storeKeys.evaluation(runId, 'attempt'),
    manifest,
  );
  return { evaluation: { key, hash, images: images.length, scores }, checkpoint };
}

/** Publishes what was scored, and lets the gate decide. */
export async function publishRun(
  store: ObjectStore,
  options: { runId: string; folder: string; data: PreparedRunData; scored: ScoredRun },
): Promise<NonNullable<KnownRun['published']>> {
  const { runId, folder, data, scored } = options;
  const files = join(folder, `${runId}-files`);
  await mkdir(files, { recursive: true });
  await writeVersionFiles(files);
  const source = { key: data.dataset.manifestKey, hash: data.dataset.hash };
  const { archives } = await readNamedDocument(store, source, datasetManifestSchema);
  const { dataset, split, records } = data;
  const version = await publishVersion(store, {
    model: 'lesion',
    attempt: 'attempt',
    config: data.request.model,
    classNames: ['background', 'lesion'],
    scores: scored.evaluation.scores,
    lineage: {
      ...{ runId, dataset, archives, split, records, ...scored },
      configHash: sha256('config'),
      codeHash: sha256('code'),
    },
    weightsPath: join(files, 'w.h5'),
    savedModelFolder: join(files, 'saved'),
    modelCard: (number) => `# Version ${String(number)}`,
  });
  const { manifest } = await resolveVersion(store, 'lesion', version.version);
  return { version, alias: await moveAlias(store, manifest, TO_CHAMPION) };
}

/** The answer to the status query: steps before `at` are done, and it is in `state`. */
export function statusOf({
  runId,
  at,
  state,
  epochs,
  summary = '',
}: {
  runId: string;
  at: (typeof pipelineStepSchema.options)[number] | 'end';
  state: 'running' | 'failed' | 'completed';
  epochs: number;
  summary?: string;
}): NonNullable<KnownRun['status']> {
  const { options } = pipelineStepSchema;
  const place = at === 'end' ? options.length : options.indexOf(at);
  return runStatusSchema.parse({
    runId,
    state,
    steps: options.map((step, index) => ({
      step,
      state:
        index < place
          ? 'done'
          : index > place
            ? 'waiting'
            : state === 'failed'
              ? 'failed'
              : 'running',
      summary: index < place ? 'as it should be' : index === place ? summary : '',
    })),
    epochs: { done: epochs, total: 10 },
    history: epochResults(epochs),
    scores: null,
  });
}

function moved(
  mask: Uint8Array,
  width: number,
  [down, right]: readonly [number, number],
): Uint8Array {
  const height = mask.length / width;
  return Uint8Array.from(mask, (_, at) => {
    const [y, x] = [Math.floor(at / width) - down, (at % width) - right];
    return y < 0 || x < 0 || y >= height || x >= width ? 0 : (mask[y * width + x] ?? 0);
  });
}
