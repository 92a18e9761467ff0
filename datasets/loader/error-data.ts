/** An error as data, on its way out of a thread. */
import type { ErrorData } from './messages.ts';

/**
 * What has `code` and `retryable` (LesionFlowError, and the model library's errors) keeps them; anything else
 * may be a passing trouble, so it may be tried again.
 */
export function errorData(error: unknown): ErrorData {
  if (!(error instanceof Error)) return errorData(new Error(String(error)));
  const { code, retryable, values } = error as Partial<ErrorData>;
  return {
    name: error.name,
    message: error.message,
    code: typeof code === 'string' ? code : 'unexpected',
    retryable: retryable ?? true,
    values: cloneable(values ?? {}),
    stack: error.stack,
  };
}

/** Values that cannot leave a thread (functions, handles) are left behind rather than the whole error. */
function cloneable(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return structuredClone(values);
  } catch {
    return {};
  }
}
