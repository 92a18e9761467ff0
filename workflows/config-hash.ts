/** The name of a recipe: SHA-256 of what decides the weights, apart from the data. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../contracts/canonical-json.ts';
import type { PipelineInput } from '../contracts/pipeline-input.ts';

/**
 * 64 hexadecimal digits over the model's options and the training section, defaults filled in. In plain
 * JavaScript, because workflow code may not import `node:crypto`.
 */
export function configHash({ model, training }: PipelineInput): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson({ model, training }))));
}
