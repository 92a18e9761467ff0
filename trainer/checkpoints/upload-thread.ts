/**
 * Entry of the thread that hashes checkpoints and sends them to the store while training goes on: in the
 * thread that TensorFlow blocks an upload would move only between two steps. It must not import TensorFlow: a
 * process can load it once.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { errorData } from '../../datasets/loader/error-data.ts';
import { deleteCheckpoint, saveCheckpoint } from '../../storage/checkpoints.ts';
import { createS3ObjectStore } from '../../storage/s3-object-store.ts';
import { uploadFile } from '../../storage/stored-files.ts';
import { onceASecond, watchedStore } from '../../storage/watched-store.ts';
import type { FromUploadThread, ToUploadThread, UploadThreadData } from './messages.ts';

const port = parentPort;
if (port === null) throw new Error('upload-thread runs in a worker thread only');
const send = (message: FromUploadThread) => port.postMessage(message);
const store = createS3ObjectStore((workerData as UploadThreadData).store);

port.on('message', ({ id, job }: ToUploadThread) => void upload(id, job));

async function upload(
  id: number,
  { checkpoint, events, obsolete }: ToUploadThread['job'],
): Promise<void> {
  const onBytes = onceASecond((bytes) => send({ type: 'moved', id, bytes }));
  const watched = watchedStore(store, onBytes);
  try {
    await uploadFile(watched, events.key, events.path);
    const saved = await saveCheckpoint(watched, checkpoint);
    send({ type: 'saved', id, checkpoint: saved });
  } catch (error) {
    send({ type: 'failed', id, error: errorData(error) });
  }
  // What cannot be deleted now is swept at the epoch's end.
  for (const old of obsolete) await deleteCheckpoint(store, old).catch(() => undefined);
}
