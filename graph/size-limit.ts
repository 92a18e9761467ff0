/** A protobuf message is at most 2 GB; this says so before gigabytes are copied. */
import { GraphTooLargeError } from './errors.ts';
import type { NodeDef, SavedModel } from './saved-model-schema.ts';
import { encodeSavedModel } from './saved-model-schema.ts';

/** The largest protobuf message, in bytes. */
export const PROTOBUF_LIMIT = 2 ** 31 - 1;

/** Names, attributes and framing of one node take less than this many bytes. */
const NODE_OVERHEAD = 1024;

/** The bytes of `saved_model.pb`; throws `GraphTooLargeError` when they would not fit. */
export function encodeChecked(model: SavedModel): Uint8Array {
  checkSize(model.nodes);
  return encodeSavedModel(model);
}

export function checkSize(nodes: readonly NodeDef[]): void {
  const bytes = nodes.reduce((sum, node) => sum + constantBytes(node) + NODE_OVERHEAD, 0);
  if (bytes <= PROTOBUF_LIMIT) return;
  const largest = nodes.reduce((best, node) =>
    constantBytes(node) > constantBytes(best) ? node : best,
  );
  throw new GraphTooLargeError(
    `the graph holds ${bytes} bytes of constants, above protobuf's ${PROTOBUF_LIMIT}; the largest is ` +
      `${largest.name} with ${constantBytes(largest)} bytes: feed it as an input or keep it in a variable`,
    { bytes, largest: largest.name },
  );
}

function constantBytes({ attr }: NodeDef): number {
  const tensor = attr['value']?.tensor;
  const strings = tensor?.string_val ?? [];
  return strings.reduce(
    (sum, { byteLength }) => sum + byteLength,
    tensor?.tensor_content?.byteLength ?? 0,
  );
}
