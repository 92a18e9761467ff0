/**
 * Pretrained weights from the network: COCO's of Matterport's release 2.0 (`download_trained_weights` of
 * mrcnn/utils.py) and ImageNet's of Keras (`get_imagenet_weights` of mrcnn/model.py). Downloaded once to
 * a cache folder, verified, and put in place whole; a file that a person put there is used after the
 * same checks.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { withoutSecrets } from '../../wording/secrets-in-urls.ts';
import { maskRcnnConfigSchema } from '../config.ts';
import { PretrainedUnavailableError, WeightFileError } from '../errors.ts';
import { layerTable } from '../layer-table.ts';
import { withMatterportNames } from './imagenet-names.ts';
import { readKerasWeights } from './keras-h5.ts';

export type PretrainedName = 'coco' | 'imagenet';

interface Checksum {
  readonly algorithm: 'md5' | 'sha256';
  readonly digest: string;
}

interface Source {
  readonly url: string;
  readonly checksum?: Checksum;
}

const SOURCES: Readonly<Record<PretrainedName, Source>> = {
  coco: {
    url: 'https://github.com/matterport/Mask_RCNN/releases/download/v2.0/mask_rcnn_coco.h5',
  },
  imagenet: {
    url: 'https://github.com/fchollet/deep-learning-models/releases/download/v0.2/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5',
    checksum: { algorithm: 'md5', digest: 'a268eb855778b3df3c7506639542a6af' },
  },
};

export interface PretrainedOptions {
  readonly from: PretrainedName;
  /** http or https address in the place of the official one. */
  readonly url?: string;
  /** The file's SHA-256 in hex; checked on every use. */
  readonly sha256?: string;
  /** Made when it is not there. */
  readonly cacheFolder: string;
  /** Called as bytes arrive; `total` is 0 when the server does not say it. */
  readonly onProgress?: (progress: { readonly bytes: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/**
 * The path of the verified file.
 *
 * @throws PretrainedUnavailableError when it cannot be downloaded.
 * @throws WeightFileError when the file is not what it should be.
 */
export async function fetchPretrained(options: PretrainedOptions): Promise<string> {
  const { from, url = SOURCES[from].url, cacheFolder } = options;
  const path = join(cacheFolder, cacheName(from, url));
  const check = { from, path, checksums: checksumsOf(options, url) };
  if (existsSync(path)) {
    await verify({ ...check, file: path });
    return path;
  }
  await mkdir(cacheFolder, { recursive: true });
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await download({ ...options, url, path, partial });
    await verify({ ...check, file: partial });
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  return path;
}

/** The official file keeps its name; one from elsewhere gets its address into the name. */
function cacheName(from: PretrainedName, url: string): string {
  const name = basename(new URL(url).pathname);
  if (url === SOURCES[from].url) return name;
  return `${createHash('sha256').update(url).digest('hex').slice(0, 12)}-${name}`;
}

function checksumsOf({ from, sha256 }: PretrainedOptions, url: string): readonly Checksum[] {
  const known = url === SOURCES[from].url ? SOURCES[from].checksum : undefined;
  return [
    ...(known === undefined ? [] : [known]),
    ...(sha256 === undefined
      ? []
      : [{ algorithm: 'sha256', digest: sha256.toLowerCase() } as const]),
  ];
}

interface DownloadOptions extends PretrainedOptions {
  readonly url: string;
  readonly path: string;
  readonly partial: string;
}

async function download(options: DownloadOptions): Promise<void> {
  const { url, path, partial, onProgress, signal } = options;
  const stop = signal === undefined ? {} : { signal };
  try {
    const response = await fetch(url, stop);
    if (!response.ok || response.body === null) {
      throw new Error(`the server answered ${String(response.status)} ${response.statusText}`);
    }
    const total = Number(response.headers.get('content-length') ?? 0);
    const chunks = counted(response.body, (bytes) => onProgress?.({ bytes, total }));
    await pipeline(chunks, createWriteStream(partial), stop);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new PretrainedUnavailableError(withoutSecrets(url), path, reasonOf(cause), cause);
  }
}

/** The chunks of the body; `onBytes` hears how many bytes there were so far. */
async function* counted(
  body: NonNullable<Response['body']>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let bytes = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.byteLength;
      onBytes(bytes);
      yield next.value;
    }
  } finally {
    await reader.cancel();
  }
}

/** `fetch` hides the real reason ("connection refused") in the cause of "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return cause instanceof Error ? cause.message || code : error.message;
}

interface VerifyOptions {
  readonly from: PretrainedName;
  /** Where the file lies now. */
  readonly file: string;
  /** Where it belongs: what messages name. */
  readonly path: string;
  readonly checksums: readonly Checksum[];
}

async function verify({ from, file, path, checksums }: VerifyOptions): Promise<void> {
  for (const { algorithm, digest } of checksums) {
    const actual = await digestOf(file, algorithm);
    if (actual !== digest) {
      throw new WeightFileError(
        path,
        `its ${algorithm} is ${actual} and not ${digest}: delete it and download it again`,
      );
    }
  }
  using weights = await readKerasWeights(file);
  const present = new Set(withMatterportNames(weights.layers).map(({ layer }) => layer));
  const missing = requiredLayers(from).filter((layer) => !present.has(layer));
  if (missing.length > 0) {
    throw new WeightFileError(
      path,
      `${String(missing.length)} layers of the ${from} weights are missing, e.g. ${missing[0] ?? ''}`,
    );
  }
}

async function digestOf(file: string, algorithm: Checksum['algorithm']): Promise<string> {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** ResNet-101 has all layers of ResNet-50, so these are what both must have. */
function requiredLayers(from: PretrainedName): string[] {
  const layers = layerTable(maskRcnnConfigSchema.parse({ backbone: 'resnet50' })).map(
    ({ topLevelLayer }) => topLevelLayer,
  );
  const isBackbone = (layer: string) => /^(conv1|bn_conv1|(res|bn)\d.*)$/.test(layer);
  return [...new Set(layers)].filter((layer) => from === 'coco' || isBackbone(layer));
}
