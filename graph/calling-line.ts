/** Finds the line of the caller's code in a stack trace, past TensorFlow.js and this folder. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

/** TensorFlow.js' own frames, by file or, with source maps on, by the path of its sources. */
const TENSORFLOW_JS = /node_modules\/|\/tfjs-[a-z-]+\/(?:src|dist)\//;

/** The innermost frame outside TensorFlow.js, node and `graph/`, such as `maskrcnn/model.ts:41:7`. */
function callingLine(): string | undefined {
  return stackFrames().find(
    (frame) =>
      !TENSORFLOW_JS.test(frame) &&
      !frame.includes('node:') &&
      !frame.includes(`${HERE}/`) &&
      frame.includes('/'),
  );
}

/** ` (called at …)`, or nothing when no frame of the caller is in the stack. */
export function atCallingLine(): string {
  const line = callingLine();
  return line === undefined ? '' : ` (called at ${line})`;
}

/** Was this folder called straight from one of tfjs-node's kernels, not from library or user code? */
export function calledByKernel(): boolean {
  const caller = stackFrames().find((frame) => !frame.includes(`${HERE}/`));
  return caller !== undefined && /tfjs-node[a-z-]*\/(?:src|dist)\/kernels\//.test(caller);
}

/** The locations of the current stack, innermost first, without the function names. */
function stackFrames(): readonly string[] {
  const limit = Error.stackTraceLimit;
  // Gradients and kernels of TensorFlow.js nest dozens of frames deep.
  Error.stackTraceLimit = 200;
  const stack = new Error().stack ?? '';
  Error.stackTraceLimit = limit;
  return stack
    .split('\n')
    .slice(1)
    .map((line) => /\(([^()]+)\)\s*$/.exec(line)?.[1] ?? /at (\S+)\s*$/.exec(line)?.[1] ?? '')
    .map((frame) => frame.replace(/^async /, '').replace('file://', ''))
    .filter((frame) => frame !== '');
}
