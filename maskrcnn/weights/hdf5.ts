/**
 * Opens HDF5 files with h5wasm (the HDF5 library compiled to WebAssembly), with typed errors in the
 * place of negative file numbers and messages on stderr.
 */
import { resolve } from 'node:path';
import { File, ready } from 'h5wasm/node';
import { DiskFullError, WeightFileError } from '../errors.ts';

/** An open HDF5 file; close it, or leave it to `using`. */
export interface OpenFile extends Disposable {
  readonly file: File;
}

/**
 * Opens for reading (`r`) or creates anew (`w`).
 *
 * @throws WeightFileError when the file cannot be opened, is not HDF5 or is cut off.
 */
export async function openHdf5(path: string, mode: 'r' | 'w'): Promise<OpenFile> {
  const library = await ready;
  library.activate_throwing_error_handler();
  const file = withReason(path, () => withoutTimeStamps(() => new File(resolve(path), mode)));
  return {
    file,
    [Symbol.dispose]: () => {
      file.close();
    },
  };
}

/** Runs `work`, and turns what HDF5 throws into one sentence about `path`. */
export function withReason<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof WeightFileError) throw cause;
    const report = String(cause);
    if (/No space left on device|quota exceeded/i.test(report))
      throw new DiskFullError(path, cause);
    throw new WeightFileError(path, innermostReason(report), cause);
  }
}

/**
 * Runs `work` while HDF5's clock stands still. It stamps each data set with the second of its making; without
 * stamps two files of equal numbers are equal to the byte, and one SHA-256 names both.
 */
export function withoutTimeStamps<T>(work: () => T): T {
  const { now } = Date;
  // What HDF5's WebAssembly asks. `work` does not wait for anything, so nobody else sees it.
  Date.now = () => 0;
  try {
    return work();
  } finally {
    Date.now = now;
  }
}

/** HDF5 reports a stack of calls; its last line says what really happened. */
function innermostReason(report: string): string {
  const reasons = [...report.matchAll(/#\d+:.*?\(\): (.*)/g)].map(([, reason]) => reason);
  return reasons.at(-1) ?? report;
}
