/** Where this library's compiled functions keep their graphs, and what tells one from another. */
import type { GraphCache } from '../graph/graph-cache.ts';
import type { MaskRcnnConfig } from './config.ts';

export interface ModelGraphCache {
  /** Made when it is not there. */
  readonly folder: string;
  /** Names the code of this library: graphs of other code are not taken. */
  readonly codeHash: string;
}

/**
 * The options of `compile` for it. The configuration decides which variable stands where, and with `what` is
 * compiled, the code, and the shapes (which `compile` looks at itself) everything else of a graph.
 */
export function cachedAs(
  cache: ModelGraphCache | undefined,
  { what, config }: { readonly what: readonly string[]; readonly config: MaskRcnnConfig },
): { readonly cache?: GraphCache } {
  if (cache === undefined) return {};
  const settings = Object.entries(config).sort(([left], [right]) => (left < right ? -1 : 1));
  return {
    cache: { folder: cache.folder, key: JSON.stringify([...what, cache.codeHash, settings]) },
  };
}
