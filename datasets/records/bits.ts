/** Masks of 0 and 1 as bits, the most significant first (as `numpy.packbits`). */

export function packBits(mask: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(mask.length / 8));
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] !== 0) packed[i >> 3] = (packed[i >> 3] ?? 0) | (0x80 >> (i & 7));
  }
  return packed;
}

/** The first `length` bits. */
export function unpackBits(packed: Uint8Array, length: number): Uint8Array {
  const mask = new Uint8Array(length);
  for (let i = 0; i < length; i++) mask[i] = ((packed[i >> 3] ?? 0) >> (7 - (i & 7))) & 1;
  return mask;
}
