/**
 * Many records in one file, since thousands of small objects are slow to fetch:
 *
 *     8 bytes   "LFREC" 0 0 1
 *     4 bytes   length of the header, little-endian
 *     header    JSON: what each record is and where its pieces lie in the data
 *     data      the pieces, one after the other
 */
import { z } from 'zod';
import { canonicalJson } from '../../storage/documents.ts';
import { recordHeaderSchema, type EncodedRecord, type RecordHeader } from './record.ts';

const MAGIC = Buffer.from('LFREC\u0000\u0000\u0001', 'latin1');
export const PREAMBLE_BYTES = MAGIC.length + 4;

const shardHeaderSchema = z.strictObject({ records: z.array(recordHeaderSchema) });

export function encodeShard(records: readonly EncodedRecord[]): Buffer {
  let start = 0;
  const headers = records.map(({ header, data }) => {
    const moved = moveBy(header, start);
    start += data.length;
    return moved;
  });
  const header = Buffer.from(canonicalJson({ records: headers }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([MAGIC, length, header, ...records.map(({ data }) => data)]);
}

/** Length of the header; `undefined` when this is no shard of this version. */
export function headerBytes(preamble: Buffer): number | undefined {
  const isShard = preamble.length === PREAMBLE_BYTES && preamble.subarray(0, 8).equals(MAGIC);
  return isShard ? preamble.readUInt32LE(MAGIC.length) : undefined;
}

/** Throws `ZodError` or `SyntaxError`. */
export function decodeHeader(header: Buffer): readonly RecordHeader[] {
  return shardHeaderSchema.parse(JSON.parse(header.toString())).records;
}

function moveBy(header: RecordHeader, start: number): RecordHeader {
  const moved = ({ offset, bytes }: RecordHeader['pixels']) => ({ offset: offset + start, bytes });
  return {
    ...header,
    pixels: moved(header.pixels),
    instances: header.instances.map(({ classId, mask }) => ({ classId, mask: moved(mask) })),
  };
}
