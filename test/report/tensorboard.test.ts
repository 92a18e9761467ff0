/**
 * Event files, read back by a parser written from the format's description (TFRecord framing, protobuf wire
 * format) rather than by the writer's own code. TensorBoard 2.21 was seen to read the same files.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crc32c, maskedCrc32c } from '../../report/crc32c.ts';
import { createEventWriter } from '../../report/tensorboard.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lesionflow-events-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('crc32c', () => {
  test.each([
    // RFC 3720, appendix B.4.
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['digits', new TextEncoder().encode('123456789'), 0xe3069283],
  ])('gives the published checksum of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  test('is masked as in TensorFlow', () => {
    // The first twelve bytes of every event file that TensorFlow writes: a length of 24 and its checksum.
    const length = Uint8Array.of(24, 0, 0, 0, 0, 0, 0, 0);
    expect(maskedCrc32c(length)).toBe(0x224b_7fa3);
  });
});

describe('event writer', () => {
  test('frames every record with checksums and keeps tag, value, step and time', () => {
    const path = join(folder, 'deep/events.out.tfevents.1.test');
    const writer = createEventWriter({ path, now: () => 1_500 });
    writer.scalar('loss/total', 0.1, 7);
    writer.scalar('loss/l2', -2, 3_000_000_000);
    writer.close();

    const events = records(readFileSync(path)).map(fields);
    expect(events).toEqual([
      [
        [1, 1.5],
        [3, Buffer.from('brain.Event:2')],
      ],
      [
        [1, 1.5],
        [2, 7],
        [5, scalarSummary('loss/total', 0.1)],
      ],
      [
        [1, 1.5],
        [2, 3_000_000_000],
        [5, scalarSummary('loss/l2', -2)],
      ],
    ]);
  });

  test('has each point in the file before it is closed, so that a killed trainer loses none', () => {
    const path = join(folder, 'events.out.tfevents.2.test');
    using writer = createEventWriter({ path });
    writer.scalar('loss/total', 1, 1);
    expect(records(readFileSync(path))).toHaveLength(2);
  });

  test('refuses a name that TensorBoard would overlook, and a point after close', () => {
    expect(() => createEventWriter({ path: join(folder, 'events.bin') })).toThrow(/tfevents/);
    const writer = createEventWriter({ path: join(folder, 'events.out.tfevents.3.test') });
    writer.close();
    expect(() => writer.scalar('loss/total', 1, 1)).toThrow(/closed/);
  });
});

/** Splits a TFRecord file, checking both checksums of every record. */
function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc32c(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data));
    found.push(data);
    at += 12 + length + 4;
  }
  return found;
}

/** The fields of a protobuf message: doubles, varints and length-delimited bytes. */
function fields(message: Buffer): [number, number | Buffer][] {
  const found: [number, number | Buffer][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    if ((key & 7) === 1) {
      found.push([key >> 3, message.readDoubleLE(at)]);
      at += 8;
    } else if ((key & 7) === 0) {
      found.push([key >> 3, varint()]);
    } else {
      const length = varint();
      found.push([key >> 3, Buffer.from(message.subarray(at, at + length))]);
      at += length;
    }
  }
  return found;
}

/** `Summary{value: [Value{tag, simple_value}]}` on the wire. */
function scalarSummary(tag: string, value: number): Buffer {
  const float = Buffer.alloc(4);
  float.writeFloatLE(value);
  const inner = Buffer.concat([
    Buffer.from([0x0a, tag.length]),
    Buffer.from(tag),
    Buffer.from([0x15]),
    float,
  ]);
  return Buffer.concat([Buffer.from([0x0a, inner.length]), inner]);
}
