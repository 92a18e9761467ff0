/** The store that a worker works on, opened only if it keeps its promises (storage/probe-store.ts). */
import { probeStore } from '../storage/probe-store.ts';
import { createS3ObjectStore, type S3ObjectStore } from '../storage/s3-object-store.ts';
import { s3SettingsFromEnvironment } from '../storage/s3-settings.ts';

/** The caller closes it. Throws `StoreSettingsError`, `StoreUnfitError`, and what an absent store throws. */
export async function openProvenStore(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<S3ObjectStore> {
  const store = createS3ObjectStore(s3SettingsFromEnvironment(environment));
  try {
    await probeStore(store);
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
}
