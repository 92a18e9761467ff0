/** A version's files brought to a folder for others to use, each verified by its hash. */
import { readdir, readFile, stat, writeFile, mkdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { modelVersionManifestSchema, type StoredFile } from '../../contracts/manifests.ts';
import type { ResolvedVersion } from '../../storage/model-registry.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { downloadFile } from '../../storage/stored-files.ts';
import { UsageError } from '../failures.ts';

export const exportFormats = ['saved-model', 'h5'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  readonly format: ExportFormat;
  /** Made when missing. */
  readonly folder: string;
}

export interface ExportedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The version itself as it stands in the registry: scores, options, lineage. */
const MANIFEST = 'manifest.json';

/**
 * Writes the model, its card and its manifest. A folder that holds this very version is completed; throws `UsageError`
 * for one that holds anything else, and `HashMismatchError` for what is damaged in the store.
 */
export async function exportVersion(
  store: ObjectStore,
  resolved: ResolvedVersion,
  { format, folder }: ExportOptions,
): Promise<ExportedFile[]> {
  const { manifest } = resolved;
  await checkFolder(folder, resolved);
  await mkdir(folder, { recursive: true });
  const filesFolder = posix.dirname(manifest.weights.key);
  const placeOf = ({ key }: StoredFile): string => {
    const path = posix.relative(filesFolder, key);
    // The folder is the SavedModel itself, as Python and TF Serving take it.
    return format === 'saved-model' ? path.replace(/^saved_model\//, '') : path;
  };
  const model = format === 'saved-model' ? manifest.savedModel : [manifest.weights];
  const exported: ExportedFile[] = [];
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const file of [...model, manifest.modelCard]) {
    const { bytes, sha256 } = file;
    const written = { path: join(folder, placeOf(file)), bytes, sha256 };
    await downloadFile(store, file, written.path);
    exported.push(written);
  }
  return exported;
}

async function checkFolder(folder: string, { ref }: ResolvedVersion): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) return;
  const inside = found.isDirectory() ? await readdir(folder) : ['a file'];
  if (inside.length === 0) return;
  const there = await manifestIn(folder);
  if (there?.model === ref.model && there.version === ref.version) return;
  throw new UsageError(
    `${folder} is not empty, and holds no export of ${ref.model} version ${String(ref.version)}. Name a new folder with --out.`,
    { folder },
  );
}

async function manifestIn(folder: string) {
  try {
    const text = await readFile(join(folder, MANIFEST), 'utf8');
    return modelVersionManifestSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
