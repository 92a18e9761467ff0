/** The scalars of TensorBoard event files, as `tensorboard.ts` writes them. */
import { maskedCrc32c } from './crc32c.ts';
import { eventType } from './tensorboard.ts';

export interface ScalarEvent {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
}

interface DecodedEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly summary?: { readonly value: readonly { tag: string; simpleValue: number }[] };
}

const HEAD = 12;
const TAIL = 4;

/**
 * In the order of the file. An attempt that was killed leaves a file that ends anywhere: reading stops, without an
 * error, at the first record that is not whole or whose checksum is wrong.
 */
export function readScalars(file: Uint8Array): ScalarEvent[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const scalars: ScalarEvent[] = [];
  let at = 0;
  while (at + HEAD + TAIL <= file.length) {
    const length = Number(view.getBigUint64(at, true));
    const end = at + HEAD + length;
    if (end + TAIL > file.length) break;
    const data = file.subarray(at + HEAD, end);
    if (view.getUint32(at + 8, true) !== maskedCrc32c(file.subarray(at, at + 8))) break;
    if (view.getUint32(end, true) !== maskedCrc32c(data)) break;
    scalars.push(...scalarsOf(data));
    at = end + TAIL;
  }
  return scalars;
}

function scalarsOf(data: Uint8Array): ScalarEvent[] {
  const message = eventType.decode(data);
  const event = eventType.toObject(message, { longs: Number, defaults: true }) as DecodedEvent;
  const { wallTime, step } = event;
  return (event.summary?.value ?? []).map(({ tag, simpleValue: value }) => ({
    tag,
    step,
    value,
    wallTime,
  }));
}
