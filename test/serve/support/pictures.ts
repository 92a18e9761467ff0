/** Picture files as people send them, good and bad. */
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';

/** A dark disc on skin. */
export async function jpegOf(
  width: number,
  height: number,
  orientation = 1,
): Promise<Uint8Array<ArrayBuffer>> {
  const disc = `<svg width="${String(width)}" height="${String(height)}">
    <rect width="100%" height="100%" fill="#dcb4a0"/><circle cx="50%" cy="50%" r="20%" fill="#5a3228"/></svg>`;
  const bytes = await sharp(Buffer.from(disc))
    .flatten({ background: '#fff' })
    .withMetadata({ orientation })
    .jpeg()
    .toBuffer();
  return new Uint8Array(bytes);
}

/** A PNG of a few bytes that says it is `side` pixels wide and high. */
export function pngBomb(side: number): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  const parts = [
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(1000))),
    chunk('IEND', Buffer.alloc(0)),
  ];
  return new Uint8Array(Buffer.concat(parts));
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
