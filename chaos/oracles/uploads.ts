/** No multipart upload that somebody began and nobody finished: S3 keeps its parts, unseen, and bills them. */
import type { ObjectStore } from '../../storage/object-store.ts';
import { violations, type Violation } from './violation.ts';

/** To be asked when the run is over: what its last step swept is gone by then. */
export async function leakedUploads(
  store: Pick<ObjectStore, 'listUploads'>,
  prefixes: readonly string[],
): Promise<Violation[]> {
  const leaked: string[] = [];
  for (const prefix of prefixes) {
    for await (const { key } of store.listUploads(prefix)) {
      leaked.push(`an upload to ${key} was never finished`);
    }
  }
  return violations('uploads', leaked);
}
