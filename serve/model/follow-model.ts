/**
 * Keeps the served model at what an alias names: looks at the alias' ETag every few seconds, and loads the version
 * when it has changed. What cannot be loaded is logged, and tried again ever more rarely, while the old one goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { storeKeys } from '../../contracts/store-keys.ts';
import {
  downloadVersion,
  resolveVersion,
  versionManifestKey,
} from '../../storage/model-registry.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { UnknownVersionError } from '../../storage/registry-errors.ts';
import type { ServedModel } from './served-model.ts';

export interface FollowOptions {
  readonly store: ObjectStore;
  readonly model: string;
  /** A version's number or an alias. */
  readonly version: string;
  readonly served: ServedModel;
  readonly cacheFolder: string;
  readonly pollMs: number;
  readonly log: Logger;
}

const LONGEST_PAUSE_MS = 300_000;

export class ModelFollower {
  readonly #options: FollowOptions;
  readonly #closing = new AbortController();
  #loop: Promise<void> | undefined;
  /** ETag of what is served. */
  #served: string | undefined;
  #failed:
    | { readonly etag: string | undefined; readonly pauseMs: number; readonly at: number }
    | undefined;
  #detail: string | null = null;
  #isLoading = false;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** A sentence for everybody when the model that was asked for is not what is served. */
  get detail(): string | null {
    return this.#detail;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  start(): void {
    this.#loop ??= this.#follow();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#look();
      await sleep(this.#options.pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    let etag: string | undefined;
    try {
      etag = (await this.#options.store.head(this.#pointerKey()))?.etag;
      if (etag !== undefined && etag === this.#served) {
        this.#failed = undefined;
        this.#detail = null;
        return;
      }
      if (this.#failed?.etag === etag && Date.now() < (this.#failed?.at ?? 0)) return;
      await this.#load();
      this.#served = etag;
      this.#failed = undefined;
      this.#detail = null;
    } catch (error) {
      this.#fail(etag, error);
    }
  }

  async #load(): Promise<void> {
    const { store, model, version, served, cacheFolder, log } = this.#options;
    const resolved = await resolveVersion(store, model, version);
    const { ref, manifest } = resolved;
    // The alias was written anew with the version that is served.
    if (served.version?.manifest.version === ref.version) return;
    this.#isLoading = true;
    try {
      log.info({ model: ref.model, version: ref.version }, 'loading');
      const { weightsPath } = await downloadVersion(store, resolved, cacheFolder);
      await served.use({ manifest, weightsPath });
      log.info({ model: ref.model, version: ref.version }, 'serving');
    } finally {
      this.#isLoading = false;
    }
  }

  #fail(etag: string | undefined, error: unknown): void {
    const { pollMs, log } = this.#options;
    const isAbsent = error instanceof UnknownVersionError;
    const before = this.#failed?.etag === etag ? this.#failed : undefined;
    if (before !== undefined && Date.now() < before.at) return;
    // Looking for a version that is not there yet is cheap; loading one that does not load is not.
    const pauseMs = isAbsent ? pollMs : Math.min(2 * (before?.pauseMs ?? pollMs), LONGEST_PAUSE_MS);
    this.#failed = { etag, pauseMs, at: Date.now() + pauseMs };
    const detail = isAbsent
      ? error.message
      : 'The model cannot be loaded. The log of the server says why.';
    if (!isAbsent) log.error({ err: error, pauseMs }, 'the model cannot be loaded');
    else if (detail !== this.#detail) log.warn(detail);
    this.#detail = detail;
  }

  /** What changes when another version is meant. */
  #pointerKey(): string {
    const { model, version } = this.#options;
    return /^\d+$/.test(version)
      ? versionManifestKey(model, Number(version))
      : storeKeys.alias(model, version);
  }
}
