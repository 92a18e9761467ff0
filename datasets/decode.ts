/**
 * JPEG and PNG → plain pixels. EXIF orientation is ignored on purpose, here and so everywhere: images and masks
 * are taken as stored, as Matterport's `skimage.io.imread` does. (ISIC's files carry none.)
 */
import sharp, { type Metadata, type Sharp } from 'sharp';
import { UnusableImageError } from './errors.ts';

export interface PixelSize {
  readonly height: number;
  readonly width: number;
}

export interface RgbImage extends PixelSize {
  /** `[height, width, (r, g, b)]`, 0 to 255. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

export interface BinaryMask extends PixelSize {
  /** `[height, width]`, 0 and 1. */
  readonly mask: Uint8Array<ArrayBuffer>;
  /** Pixels that are 1. */
  readonly area: number;
}

/** A broken file is an error, an odd one (libjpeg's "extraneous bytes") is not. */
const OPTIONS = { failOn: 'error' } as const;

/**
 * A picture that has not been decoded yet. Throws `UnusableImageError` for anything but JPEG and PNG. `anySize` is
 * for looking at the header: sharp refuses more than 268 million pixels else.
 */
export function openPicture(bytes: Uint8Array, { anySize = false } = {}): Sharp {
  // By the contents: sharp would also open SVG and others, whatever the file is called.
  const isJpeg = startsWith(bytes, [0xff, 0xd8, 0xff]);
  if (!isJpeg && !startsWith(bytes, [0x89, 0x50, 0x4e, 0x47])) {
    const start = JSON.stringify(Buffer.from(bytes.subarray(0, 12)).toString('latin1'));
    throw new UnusableImageError({
      reason: 'image-format',
      detail: `neither JPEG nor PNG: ${String(bytes.length)} bytes that start with ${start}`,
    });
  }
  return sharp(bytes, anySize ? { ...OPTIONS, limitInputPixels: false } : OPTIONS);
}

/** As 8-bit sRGB without transparency. Throws `UnusableImageError`. */
export async function decodeRgb(bytes: Uint8Array): Promise<RgbImage> {
  const rgb = openPicture(bytes).removeAlpha().toColourspace('srgb').raw();
  return decoding(async () => {
    const { data, info } = await rgb.toBuffer({ resolveWithObject: true });
    return { pixels: owned(data), height: info.height, width: info.width };
  });
}

/**
 * One channel with exactly two values, of which the lower is 0; neither empty nor full.
 * Throws `UnusableImageError` that names the rule which does not hold.
 */
export async function decodeMask(bytes: Uint8Array): Promise<BinaryMask> {
  const picture = openPicture(bytes);
  const metadata = await readMetadata(picture);
  // A palette of black and white is one channel too, though it decodes to three.
  if (metadata.channels !== 1 && !metadata.isPalette) {
    const detail = `${String(metadata.channels)} channels instead of one`;
    throw new UnusableImageError({ reason: 'mask-channels', detail });
  }
  return decoding(async () => {
    const grey = picture.toColourspace('b-w').raw();
    const { data, info } = await grey.toBuffer({ resolveWithObject: true });
    const mask = owned(data);
    const area = binarise(mask);
    return { mask, area, height: info.height, width: info.width };
  });
}

/** Throws `UnusableImageError`. */
export function readMetadata(picture: Sharp): Promise<Metadata> {
  return decoding(() => picture.metadata());
}

/** libvips' complaints, as ours. */
export async function decoding<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnusableImageError) throw error;
    const detail = error instanceof Error ? error.message.trim().split('\n')[0] : undefined;
    throw new UnusableImageError({
      reason: 'undecodable',
      detail: detail ?? 'it does not decode',
      cause: error,
    });
  }
}

/** To 0 and 1 in place; gives the number of ones. */
function binarise(values: Uint8Array): number {
  const counts = new Uint32Array(256);
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  const present = [...counts.keys()].filter((value) => counts[value] !== 0);
  if (present.length === 1) {
    const empty = present[0] === 0;
    throw new UnusableImageError({
      reason: empty ? 'mask-empty' : 'mask-full',
      detail: `every pixel is ${String(present[0])}`,
    });
  }
  if (present.length > 2 || present[0] !== 0) {
    const some = present.slice(0, 5).join(', ');
    const detail = `${String(present.length)} values (${some}${present.length > 5 ? ', …' : ''}) instead of 0 and one other`;
    throw new UnusableImageError({ reason: 'mask-values', detail });
  }
  for (let i = 0; i < values.length; i++) values[i] = values[i] === 0 ? 0 : 1;
  return values.length - (counts[0] ?? 0);
}

/** sharp's buffers are ours alone, but Node types them as maybe shared. */
function owned(data: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((value, i) => bytes[i] === value);
}
