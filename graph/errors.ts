/**
 * What can go wrong between a function of tensors and a running graph. Each error names the op (or feed,
 * or variable) and, where one is known, the line of the caller's code, since TensorFlow's own messages
 * speak of nodes that the caller never wrote.
 */

/** The base of every error of `graph/`; `values` holds the offending values for logs and tests. */
export class GraphError extends Error {
  readonly values: Readonly<Record<string, unknown>>;

  constructor(message: string, values: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.values = values;
  }
}

/** The traced function asked for the values of a tensor, which a graph does not have while it is built. */
export class HostReadError extends GraphError {}

/** The traced function used a tensor that is neither an input, a declared variable, nor made inside. */
export class UntrackedTensorError extends GraphError {}

/** The shape of an op's output depends on the values of its inputs. */
export class DynamicShapeError extends GraphError {}

/** An attribute or a dtype that cannot be written into a graph. */
export class UnsupportedOpError extends GraphError {}

/** The traced function changed a variable by itself instead of returning the change. */
export class VariableMutationError extends GraphError {}

/** A name, shape or dtype that does not fit what the function was traced with. */
export class SignatureError extends GraphError {}

/** `run` was given too few or too many tensors, or one of another shape or dtype. */
export class FeedError extends GraphError {}

/** TensorFlow refused the graph, or failed while it ran. */
export class SessionError extends GraphError {}

/** The graph with its constants is too large for one protobuf. */
export class GraphTooLargeError extends GraphError {}

/** The compiled function was used after its end. */
export class DisposedError extends GraphError {}
