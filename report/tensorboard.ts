/**
 * TensorBoard event files: `Event` protobufs (tensorflow/core/util/event.proto, the four fields that a
 * scalar needs) in TFRecord frames (length, masked CRC of the length, data, masked CRC of the data).
 *
 * TensorBoard finds a file by "tfevents" in its name, so the path must hold that word; every writer needs
 * a file of its own.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import protobuf from 'protobufjs';
import { LesionFlowError } from '../contracts/errors.ts';
import { maskedCrc32c } from './crc32c.ts';

export interface EventWriter extends Disposable {
  /** Adds one point to the curve `tag`, e.g. `loss/total`; `step` counts over the whole run. */
  scalar(tag: string, value: number, step: number): void;
  /** Every point is in the file after each call; closing twice is fine. */
  close(): void;
}

export interface EventWriterOptions {
  /** The file, made anew; its folder is made when missing. Its name holds "tfevents". */
  readonly path: string;
  /** Milliseconds since 1970, for tests. */
  readonly now?: () => number;
}

export class EventFileError extends LesionFlowError {}

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Value { string tag = 1; float simple_value = 2; }
  message Summary { repeated Value value = 1; }
  message Event {
    double wall_time = 1;
    int64 step = 2;
    oneof what { string file_version = 3; Summary summary = 5; }
  }
`);
/** The protobuf's type; shared with the reader. */
export const eventType = root.lookupType('Event');

/** Opens an event file. Throws `EventFileError` when TensorBoard would not find it. */
export function createEventWriter({ path, now = Date.now }: EventWriterOptions): EventWriter {
  if (!basename(path).includes('tfevents')) {
    throw new EventFileError(
      `TensorBoard reads only files with "tfevents" in their name, got ${path}. ` +
        'Name it e.g. events.out.tfevents.<seconds>.lesionflow.',
      { code: 'event-file-name', retryable: false, values: { path } },
    );
  }
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  let open = true;
  const append = (fields: Record<string, unknown>) => {
    if (!open) {
      throw new EventFileError(`The event file ${path} is closed. Open another one.`, {
        code: 'event-file-closed',
        retryable: false,
        values: { path },
      });
    }
    const event = { wallTime: now() / 1000, ...fields };
    writeSync(file, frameRecord(eventType.encode(eventType.fromObject(event)).finish()));
  };
  const close = () => {
    if (open) closeSync(file);
    open = false;
  };

  append({ fileVersion: 'brain.Event:2' });
  return {
    scalar: (tag, value, step) => {
      append({ step, summary: { value: [{ tag, simpleValue: value }] } });
    },
    close,
    [Symbol.dispose]: close,
  };
}

/** One TFRecord frame around `data`. */
function frameRecord(data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(12 + data.length + 4);
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(frame.subarray(0, 8)), true);
  frame.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return frame;
}
