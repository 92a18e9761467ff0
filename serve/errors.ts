/**
 * What a caller of the server can meet. Each holds the HTTP status that it becomes (`http/problems.ts`) and a
 * sentence that may be shown to anybody: no paths, no addresses, nothing of a picture.
 */
import { LesionFlowError, type ErrorDetails } from '../contracts/errors.ts';

export class ServingError extends LesionFlowError {
  /** HTTP status, 400 to 599. */
  readonly status: number;

  constructor(message: string, { status, ...details }: ErrorDetails & { status: number }) {
    super(message, details);
    this.status = status;
  }
}

export class NoModelError extends ServingError {
  constructor(reason: string) {
    super(reason, { code: 'no-model', retryable: true, status: 503 });
  }
}

/** All places are taken: refused before anything of the picture is read. */
export class BusyError extends ServingError {
  constructor(places: number) {
    super(
      `The server has ${String(places)} pictures to work through and takes no more for now. Try again in a few seconds.`,
      { code: 'busy', retryable: true, status: 503, values: { places } },
    );
  }
}

/** The process that holds the model ended with this picture in it. */
export class InferenceDiedError extends ServingError {
  constructor(how: string) {
    super(
      'The process that holds the model ended while it worked on this picture. It is started again: try once more in a few seconds.',
      { code: 'inference-died', retryable: true, status: 503, values: { how } },
    );
  }
}

export class InferenceTimeoutError extends ServingError {
  constructor(limitMs: number) {
    super(
      `The model had no answer after ${String(limitMs / 1000)} s. Try again later, or with a smaller picture.`,
      { code: 'inference-timeout', retryable: true, status: 503, values: { limitMs } },
    );
  }
}

/** The process that should hold the model never got so far. For the log: it names files. */
export class InferenceStartError extends LesionFlowError {
  constructor(reason: string) {
    super(`The process that holds the model did not get ready: ${reason}`, {
      code: 'inference-start',
      retryable: true,
      values: { reason },
    });
  }
}

export class NoPictureError extends ServingError {
  constructor() {
    super(
      'The request holds no picture. Send a JPEG or PNG as the body, or as a file of a multipart form.',
      { code: 'no-picture', retryable: false, status: 400 },
    );
  }
}

export class TooManyPicturesError extends ServingError {
  constructor() {
    super('The request holds more than one picture. Send one a request.', {
      code: 'too-many-pictures',
      retryable: false,
      status: 400,
    });
  }
}

export class BadQueryError extends ServingError {
  constructor(issues: readonly string[]) {
    super(`The query is not valid: ${issues.join('; ')}.`, {
      code: 'bad-query',
      retryable: false,
      status: 400,
      values: { issues },
    });
  }
}

export class PictureTooLargeError extends ServingError {
  constructor(maxBytes: number) {
    super(
      `The picture has more than ${megabytes(maxBytes)} MB. Save it smaller, or as JPEG, and send it again.`,
      { code: 'picture-too-large', retryable: false, status: 413, values: { maxBytes } },
    );
  }
}

export class TooManyPixelsError extends ServingError {
  constructor(size: { readonly width: number; readonly height: number }, maxPixels: number) {
    const { width, height } = size;
    super(
      `The picture is ${String(width)} x ${String(height)} pixels, more than the ${megabytes(maxPixels)} million ` +
        'that this server takes. Scale it down and send it again.',
      { code: 'too-many-pixels', retryable: false, status: 413, values: { ...size, maxPixels } },
    );
  }
}

export class PictureTypeError extends ServingError {
  constructor() {
    super('The file is neither JPEG nor PNG, whatever its name says. Save it as one of them.', {
      code: 'picture-type',
      retryable: false,
      status: 415,
    });
  }
}

export class BrokenPictureError extends ServingError {
  constructor() {
    super('The picture is damaged or cut off and cannot be decoded. Save or fetch it again.', {
      code: 'broken-picture',
      retryable: false,
      status: 422,
    });
  }
}

/** Whoever asked has gone: nobody reads this but the log. */
export class CallerGoneError extends ServingError {
  constructor() {
    super('The connection was closed before there was an answer.', {
      code: 'caller-gone',
      retryable: true,
      status: 499,
    });
  }
}

const megabytes = (bytes: number): string => String(Math.round(bytes / 1e5) / 10);
