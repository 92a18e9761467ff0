/** What can be wrong with the files that the example is given. */
import { MaskRcnnError } from '../../maskrcnn/index.ts';

/** An annotation file, or a region in it, cannot be used. */
export class AnnotationError extends MaskRcnnError {
  constructor(path: string, problem: string, cause?: unknown) {
    super(`${path} ${problem}`, { code: 'annotation', values: { path }, cause });
  }
}

/** An option of the command line cannot be followed. */
export class OptionError extends MaskRcnnError {
  constructor(problem: string) {
    super(problem, { code: 'option' });
  }
}
