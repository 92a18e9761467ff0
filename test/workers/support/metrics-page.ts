/** What a worker's `/metrics` says, gathered over time: series come and go. */
export interface Series {
  readonly name: string;
  readonly labels: ReadonlySet<string>;
  readonly value: number;
}

/** Of Prometheus' text format; comments are left out. */
export function readSeries(text: string): Series[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
      const names = [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label = '']) => label);
      return { name, labels: new Set(names), value: Number(value) };
    });
}

export interface MetricsWatch {
  /** By name and labels' names. */
  readonly seen: ReadonlyMap<string, Series>;
  stop(): Promise<void>;
}

/** Asks again and again; a worker that does not answer yet, or no longer, is asked later. */
export function watchMetrics(addresses: readonly string[]): MetricsWatch {
  const seen = new Map<string, Series>();
  const stopping = new AbortController();
  const watch = async () => {
    while (!stopping.signal.aborted) {
      for (const address of addresses) {
        const answer = await fetch(`http://${address}/metrics`).catch(() => undefined);
        for (const series of readSeries((await answer?.text()) ?? '')) {
          const key = [series.name, ...[...series.labels].sort()].join();
          // A value that was there once counts, whatever came after it.
          if (!Number.isNaN(series.value) || !seen.has(key)) seen.set(key, series);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const watching = watch();
  return {
    seen,
    stop: async () => {
      stopping.abort();
      await watching;
    },
  };
}
