/** An epoch's points for TensorBoard: a file of the attempt's own, which goes up with each checkpoint. */
import { join } from 'node:path';
import type { Losses } from '../../contracts/progress.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import { createEventWriter, type EventWriter } from '../../report/tensorboard.ts';
import type { TaskOf } from '../protocol.ts';

export interface EpochEvents extends Disposable {
  readonly writer: EventWriter;
  readonly path: string;
  /** In the store. */
  readonly key: string;
}

export function openEvents({ input, attempt }: TaskOf<'train-epoch'>, folder: string): EpochEvents {
  const { runId, stage, epoch } = input;
  const seconds = String(Math.floor(Date.now() / 1000));
  const name = `events.out.tfevents.${seconds}.e${String(epoch)}-${attempt}`;
  const path = join(folder, name);
  const writer = createEventWriter({ path });
  const key = `${storeKeys.eventsFolder(runId, stage.name)}/${name}`;
  return { writer, path, key, [Symbol.dispose]: () => writer.close() };
}

/** Each loss as a point of its own curve. */
export function writeLosses(
  { writer }: EpochEvents,
  {
    group,
    losses,
    step,
  }: { readonly group: string; readonly losses: Losses; readonly step: number },
): void {
  for (const [name, value] of Object.entries(losses))
    writer.scalar(`${group}/${name}`, value, step);
}
