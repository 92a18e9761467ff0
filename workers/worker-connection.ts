/** A worker's own, native connection; apart from the client's, so that commands need not load a worker's code. */
import { NativeConnection } from '@temporalio/worker';
import { TemporalUnreachableError, type TemporalSettings } from './connection.ts';

/** Throws `TemporalUnreachableError`; the caller closes it. */
export async function connectWorker({
  address,
  options,
}: TemporalSettings): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options);
  } catch (cause) {
    throw new TemporalUnreachableError({ address, cause });
  }
}
