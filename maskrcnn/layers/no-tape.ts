/**
 * Stop-gradient for TensorFlow.js, which has none. Ops that run while the engine's gradient depth is zero
 * leave no entry on the tape, so what they return is a constant to the gradient; ops without a gradient
 * (`TopK`, `Less`, …) would throw on the tape and may be used inside.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';

/** Runs `fn` off the tape: its results are constants to every surrounding gradient. */
export function noTape<T>(fn: () => T): T {
  const { state } = tf.engine();
  const depth = state.gradientDepth;
  state.gradientDepth = 0;
  try {
    return fn();
  } finally {
    state.gradientDepth = depth;
  }
}
