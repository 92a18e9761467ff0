/** Zips for tests: good ones by yazl, bad ones by changing or building them byte by byte. */
import { crc32, deflateRawSync, deflateSync } from 'node:zlib';
import sharp from 'sharp';

export interface Member {
  readonly name: string;
  readonly contents: Buffer;
  /** What the zip claims instead of the truth. */
  readonly claims?: {
    readonly crc32?: number;
    readonly size?: number;
    readonly method?: number;
    readonly encrypted?: boolean;
    readonly link?: boolean;
  };
}

/** A zip (APPNOTE.TXT) that says of each member what it is told to say. */
export function zipOf(members: readonly Member[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, contents, claims = {} } of members) {
    const packed = deflateRawSync(contents);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(claims.encrypted === true ? 0x801 : 0x800, 2);
    common.writeUInt16LE(claims.method ?? 8, 4);
    common.writeUInt32LE(claims.crc32 ?? crc32(contents), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claims.size ?? contents.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(claims.link === true ? 0xa1ff0000 : 0x81a40000, 6);
    rest.writeUInt32LE(offset, 10);
    const local = Buffer.concat([signature(3, 4), common, Buffer.from(name), packed]);
    centrals.push(
      Buffer.concat([signature(1, 2), Buffer.from([20, 3]), common, rest, Buffer.from(name)]),
    );
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(centrals);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, central, signature(5, 6), end]);
}

const signature = (a: number, b: number) => Buffer.from([0x50, 0x4b, a, b]);

/** A JPEG whose colour depends on `shade`, so that no two are twins. */
export function jpeg(width: number, height: number, shade = 120): Promise<Buffer> {
  const background = { r: shade, g: (shade * 7) % 256, b: (shade * 13) % 256 };
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg()
    .toBuffer();
}

/** A one-channel PNG; `value` gives each pixel. */
export function greyPng(
  width: number,
  height: number,
  value: (x: number, y: number) => number,
): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = value(i % width, Math.floor(i / width));
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

/** A square lesion in the middle. */
export const lesionPng = (width: number, height: number) =>
  greyPng(width, height, (x, y) =>
    Math.abs(x - width / 2) < width / 4 && Math.abs(y - height / 2) < height / 4 ? 255 : 0,
  );

/** A grey PNG of one bit a pixel (RFC 2083), which sharp reads but does not write. */
export function oneBitPng(
  width: number,
  height: number,
  isSet: (x: number, y: number) => boolean,
): Buffer {
  const stride = 1 + Math.ceil(width / 8);
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * stride + 1 + (x >> 3);
      if (isSet(x, y)) rows[at] = (rows[at] ?? 0) | (0x80 >> (x & 7));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  return Buffer.concat([
    Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(rows)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
