/**
 * A native TensorFlow session over a SavedModel that this process wrote. Owned: dispose it.
 *
 * TensorFlow caches one executor for each set of feeds and fetches, so callers keep those sets few.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs-node-gpu';
import { DisposedError, SessionError } from './errors.ts';
import type { SavedModel } from './saved-model-schema.ts';
import { encodeChecked } from './size-limit.ts';
import type { NodeBackend } from './tensorflow.ts';
import { nodeBackend } from './tensorflow.ts';

export class Session implements Disposable {
  readonly #backend: NodeBackend;
  #id: number | undefined;

  constructor(model: SavedModel) {
    this.#backend = nodeBackend();
    this.#id = load(this.#backend, model);
  }

  /**
   * One call into TensorFlow.
   *
   * @param feeds values of placeholder nodes, borrowed
   * @param fetches names of nodes whose first output is wanted
   * @returns their values in the same order, owned by the caller
   */
  run(feeds: ReadonlyMap<string, tf.Tensor>, fetches: readonly string[]): tf.Tensor[] {
    if (this.#id === undefined) {
      throw new DisposedError('the compiled function was disposed; compile it again');
    }
    const ids = this.#backend.getInputTensorIds([...feeds.values()]);
    const names = (nodes: readonly string[]): string => nodes.map((node) => `${node}:0`).join(',');
    try {
      return this.#backend.binding
        .runSavedModel(this.#id, ids, names([...feeds.keys()]), names(fetches))
        .map((metadata) => this.#backend.createOutputTensor(metadata));
    } catch (error) {
      throw new SessionError(`TensorFlow failed in a compiled function: ${text(error)}`, {}, error);
    }
  }

  [Symbol.dispose](): void {
    if (this.#id === undefined) return;
    this.#backend.binding.deleteSavedModel(this.#id);
    this.#id = undefined;
  }
}

/** TensorFlow loads from a folder only; the folder is gone when this returns. */
function load(backend: NodeBackend, model: SavedModel): number {
  const folder = mkdtempSync(join(tmpdir(), `tf-graph-${String(process.pid)}-`));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), encodeChecked(model));
    return backend.binding.loadSavedModel(folder, 'serve');
  } catch (error) {
    if (error instanceof SessionError) throw error;
    throw new SessionError(
      `TensorFlow does not accept the traced graph: ${text(error)}; when it misses an attribute of ` +
        'an op, add the op to INFERRED_TYPES in op-attributes.ts',
      {},
      error,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
