/** What the trainer and its upload thread say to each other. */
import type { CheckpointRef } from '../../contracts/references.ts';
import type { ErrorData } from '../../datasets/loader/messages.ts';
import type { CheckpointToSave } from '../../storage/checkpoints.ts';
import type { S3Settings } from '../../storage/s3-settings.ts';

/** What the thread is started with: a live store cannot be handed over. */
export interface UploadThreadData {
  readonly store: S3Settings;
}

export interface UploadJob {
  readonly checkpoint: CheckpointToSave;
  /** TensorBoard's file so far: the points of an attempt that is lost later stay. */
  readonly events: { readonly key: string; readonly path: string };
  /** Checkpoints from which nobody will go on any more. */
  readonly obsolete: readonly CheckpointRef[];
}

export type ToUploadThread = { readonly id: number; readonly job: UploadJob };

export type FromUploadThread =
  /** Bytes have moved. */
  | { readonly type: 'moved'; readonly id: number; readonly bytes: number }
  | { readonly type: 'saved'; readonly id: number; readonly checkpoint: CheckpointRef }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorData };
