/**
 * The store's layout, in one place (ARCHITECTURE.md, "Objects in the store"). No key is a prefix of
 * another key's folder: some S3 servers keep objects as files and refuse both `x` and `x/y`.
 */
export const storeKeys = {
  archive: (dataset: string, role: 'images' | 'masks', sourceHash: string) =>
    `datasets/${dataset}/archives/${role}-${sourceHash.slice(0, 16)}.zip`,
  /** Written once the archive is whole: an `ArchiveRef`. */
  archiveManifest: (dataset: string, role: 'images' | 'masks', sourceHash: string) =>
    `datasets/${dataset}/archives/${role}-${sourceHash.slice(0, 16)}.json`,
  rawFolder: (dataset: string, archiveHash: string) =>
    `datasets/${dataset}/raw/${archiveHash.slice(0, 16)}`,
  datasetManifest: (dataset: string, hash: string) =>
    `datasets/${dataset}/manifests/${hash.slice(0, 16)}.json`,
  recordsFolder: (dataset: string, size: number, datasetHash: string) =>
    `datasets/${dataset}/records/${String(size)}-${datasetHash.slice(0, 16)}`,
  split: (hash: string) => `splits/${hash}.json`,
  checkpointFolder: (runId: string, stage: string, epoch: number, step: number, attempt: string) =>
    `runs/${runId}/checkpoints/${stage}/e${String(epoch)}-s${String(step)}-${attempt}`,
  checkpointsFolder: (runId: string) => `runs/${runId}/checkpoints`,
  eventsFolder: (runId: string, stage: string) => `runs/${runId}/events/${stage}`,
  evaluation: (runId: string, attempt: string) =>
    `runs/${runId}/evaluation/${attempt}/evaluation.json`,
  overlay: (runId: string, attempt: string, imageId: string) =>
    `runs/${runId}/evaluation/${attempt}/overlays/${imageId}.png`,
  /** The run's page for people (`report/run-page/`), written when the run is over. */
  runPage: (runId: string) => `runs/${runId}/report.html`,
  /** Of the test at a worker's start that the store keeps its promises; gone when it is over. */
  probeFolder: (id: string) => `probes/${id}`,
  /** By the hash of all that decides what a run comes to. */
  outcome: (hash: string) => `outcomes/${hash}.json`,
  versionsFolder: (model: string) => `models/${model}/versions`,
  versionFolder: (model: string, version: number) => `models/${model}/versions/${String(version)}`,
  /** Each attempt to publish a version has files of its own; the manifest says which of them count. */
  versionFilesFolder: (model: string, version: number, attempt: string) =>
    `models/${model}/versions/${String(version)}/files/${attempt}`,
  /** What was decided about an alias when the version was published: once, by whichever attempt came first. */
  aliasMove: (model: string, version: number, alias: string) =>
    `models/${model}/versions/${String(version)}/aliases/${alias}.json`,
  alias: (model: string, alias: string) => `models/${model}/aliases/${alias}.json`,
} as const;

/** All keys are below one of these; the bucket may hold other people's beside them. */
export const storePrefixes = [
  'datasets/',
  'models/',
  'outcomes/',
  'probes/',
  'runs/',
  'splits/',
] as const;

/** The folder and the epoch of a checkpoint's file; `undefined` for a key that has another form. */
export function parseCheckpointKey(
  runId: string,
  key: string,
): { readonly folder: string; readonly epoch: number } | undefined {
  const root = `${storeKeys.checkpointsFolder(runId)}/`;
  if (!key.startsWith(root)) return undefined;
  const [, folder, epoch] =
    /^([^/]+\/e(\d+)-s\d+-[^/]+)\/[^/]+$/.exec(key.slice(root.length)) ?? [];
  return folder === undefined ? undefined : { folder: `${root}${folder}`, epoch: Number(epoch) };
}
