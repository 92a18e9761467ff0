/** The picture of a request, raw or in a form, checked by its first bytes before anything is decoded. */
import type { FastifyRequest } from 'fastify';
import { openPicture, readMetadata } from '../../datasets/decode.ts';
import { UnusableImageError } from '../../datasets/errors.ts';
import {
  BrokenPictureError,
  NoPictureError,
  PictureTypeError,
  TooManyPixelsError,
} from '../errors.ts';

/** The file as it came. Throws `NoPictureError`, and fastify's errors of limits. */
export async function readUpload(request: FastifyRequest): Promise<Uint8Array> {
  let picture: Uint8Array | undefined;
  if (request.isMultipart()) {
    for await (const part of request.parts()) {
      if (part.type === 'file') picture = await part.toBuffer();
    }
  } else if (Buffer.isBuffer(request.body)) {
    picture = request.body;
  }
  if (picture === undefined || picture.length === 0) throw new NoPictureError();
  return picture;
}

/**
 * Of the header alone: a file of a few bytes may claim to hold a billion pixels.
 * @throws PictureTypeError, BrokenPictureError, TooManyPixelsError
 */
export async function checkPicture(picture: Uint8Array, maxPixels: number): Promise<void> {
  try {
    const { width, height } = await readMetadata(openPicture(picture, { anySize: true }));
    if (width * height > maxPixels) throw new TooManyPixelsError({ width, height }, maxPixels);
  } catch (error) {
    if (!(error instanceof UnusableImageError)) throw error;
    throw error.reason === 'image-format' ? new PictureTypeError() : new BrokenPictureError();
  }
}
