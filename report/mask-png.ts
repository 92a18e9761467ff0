/** Masks as ISIC keeps them: one 8-bit channel, 0 is skin and 255 is lesion. */
import sharp from 'sharp';

/** PNG bytes of a mask; `mask` is `[height * width]`, 0 outside and anything else inside. */
export async function encodeMaskPng({
  mask,
  height,
  width,
}: {
  readonly mask: Uint8Array;
  readonly height: number;
  readonly width: number;
}): Promise<Uint8Array> {
  const grey = mask.map((value) => (value === 0 ? 0 : 255));
  return sharp(grey, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png({ compressionLevel: 9 })
    .toBuffer();
}
