/**
 * The evidence folder beside the checkout (reference numbers, real images) does not travel with a clone.
 * Tests that need it say so instead of failing.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from '@jest/globals';

const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));

/** The path of a file in the evidence folder. */
export const sharedPath = (path: string): string => SHARED + path;

/** `describe` when `path` is there; otherwise one skipped test that says what is missing. */
export function describeWithShared(title: string, path: string, block: () => void): void {
  if (existsSync(sharedPath(path))) describe(title, block);
  // Not `describe.skip`: that runs the block to list its tests, and blocks read their files at once.
  else it.skip(`${title}: ../shared/${path} is not on this machine`, () => undefined);
}
