/** On which images `lesionflow evaluate` scores: somebody's own, a run's validation images, or the version's own ones. */
import { evaluationManifestSchema, splitManifestSchema } from '../../contracts/manifests.ts';
import type { ModelVersionManifest } from '../../contracts/manifests.ts';
import type { SplitRef } from '../../contracts/references.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { validationPairs, type PairKeys } from '../../trainer/tasks/predict-pairs.ts';
import { openStore, openTemporal } from '../connections.ts';
import { UsageError } from '../failures.ts';
import { openPairs, samplePairs } from '../inspect/open-pairs.ts';
import { knownRunOf } from '../known-run.ts';

export interface DataFlags {
  /** Zips or folders; both or none. */
  readonly images?: string;
  readonly masks?: string;
  readonly run?: string;
  /** So many images, drawn by the seed. */
  readonly count?: number;
  readonly seed: number;
}

export interface EvaluatedData extends AsyncDisposable {
  /** In words, after "on". */
  readonly name: string;
  /** The hash of the split whose validation images these are, all of them; `undefined` for others. */
  readonly splitHash: string | undefined;
  /** By id. */
  readonly pairs: readonly PairKeys[];
  readonly store: Pick<ObjectStore, 'get'>;
}

interface Weights {
  readonly name: string;
  /** Of a published version. */
  readonly manifest?: ModelVersionManifest;
}

/** Throws `UsageError` where the flags do not say which images, or there are none. */
export async function openEvaluated(weights: Weights, flags: DataFlags): Promise<EvaluatedData> {
  const { images, masks, run, count } = flags;
  if ((images === undefined) !== (masks === undefined)) {
    throw new UsageError('Give both, --images and --masks, or neither.');
  }
  const data =
    images !== undefined && masks !== undefined
      ? await ownPictures({ images, masks })
      : await validationImages(weights, run);
  if (count === undefined || count >= data.pairs.length) return data;
  const pairs = samplePairs(data.pairs, { count, seed: flags.seed });
  const name = `${String(count)} of ${data.name}`;
  return { ...data, name, pairs, splitHash: undefined };
}

async function ownPictures(given: { images: string; masks: string }): Promise<EvaluatedData> {
  const opened = await openPairs(given);
  return {
    name: `the ${String(opened.pairs.length)} images of ${given.images}`,
    splitHash: undefined,
    pairs: opened.pairs.map(({ id, image, mask }) => ({
      ...{ id, imageKey: image.key, maskKey: mask.key },
    })),
    store: opened.store,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

async function validationImages(weights: Weights, run: string | undefined): Promise<EvaluatedData> {
  const store = openStore(process.env);
  try {
    const of = run ?? weights.manifest?.lineage.runId;
    const split =
      run === undefined ? weights.manifest?.lineage.split : await splitOfRun(store, run);
    if (split === undefined || of === undefined) throw whichImages(weights, run);
    const { dataset } = await readNamedDocument(store, split, splitManifestSchema);
    const pairs = await validationPairs(store, { dataset, split });
    return {
      name: `the ${String(pairs.length)} validation images of ${of}`,
      splitHash: split.hash,
      ...{ pairs, store },
      [Symbol.asyncDispose]: () => {
        store.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

async function splitOfRun(store: ObjectStore, runId: string): Promise<SplitRef | undefined> {
  await using temporal = await openTemporal(process.env);
  const { split, evaluation } = await knownRunOf(temporal.client, runId);
  if (split !== undefined || evaluation === undefined) return split;
  // A run with nothing new has the evaluation of the one before.
  return (await readNamedDocument(store, evaluation, evaluationManifestSchema)).split;
}

const whichImages = ({ name }: Weights, run: string | undefined): UsageError =>
  run === undefined
    ? new UsageError(
        `${name} does not say which images it was scored on. Name some: --images and --masks, or --run.`,
        { weights: name },
      )
    : new UsageError(`The run ${run} has not come to its split: it has no validation images yet.`, {
        run,
      });
