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
  /** By the hash of all that decides what a run comes to. */
  outcome: (hash: string) => `outcomes/${hash}.json`,
  versionsFolder: (model: string) => `models/${model}/versions`,
  versionFolder: (model: string, version: number) => `models/${model}/versions/${String(version)}`,
  alias: (model: string, alias: string) => `models/${model}/aliases/${alias}.json`,
} as const;
