/** Typed errors of data sets; each names the image (and the class) that it is about. */
import { MaskRcnnError } from '../errors.ts';

/** A data set was put together or asked in a way that cannot work. */
export class DatasetError extends MaskRcnnError {
  constructor(problem: string, values: Readonly<Record<string, unknown>> = {}) {
    super(problem, { code: 'dataset', values });
  }
}

/** One image of a data set, or its truth, cannot be used. */
export class ImageError extends MaskRcnnError {
  constructor(
    image: string,
    problem: string,
    { cause, ...values }: Readonly<Record<string, unknown>> & { readonly cause?: unknown } = {},
  ) {
    super(`image ${image}: ${problem}`, {
      code: 'dataset-image',
      values: { image, ...values },
      cause,
    });
  }
}
