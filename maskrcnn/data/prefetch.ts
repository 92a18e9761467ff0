/** Loads the next few items while the current one is being used. */

/**
 * In the items' order, at most `depth` loads ahead of the reader. When the reader stops early, the loads under
 * way are awaited, so that nothing reads on behind its back.
 */
export async function* prefetched<Item, Loaded>({
  items,
  depth,
  load,
}: {
  readonly items: readonly Item[];
  readonly depth: number;
  readonly load: (item: Item) => Promise<Loaded>;
}): AsyncGenerator<Loaded> {
  const ahead: Promise<Loaded>[] = [];
  const start = (item: Item) => {
    const loading = load(item);
    // It is thrown where it is awaited; until then it must not count as unhandled.
    loading.catch(() => undefined);
    ahead.push(loading);
  };
  try {
    let next = 0;
    for (let i = 0; i < items.length; i++) {
      for (; next < items.length && next <= i + depth; next++) start(items[next] as Item);
      const loaded = await ahead[0];
      void ahead.shift();
      yield loaded as Loaded;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}
