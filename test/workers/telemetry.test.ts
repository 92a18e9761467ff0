/**
 * Log, metrics and traces of one real run. Would catch: a dashboard or a document that names what no worker serves, a line
 * that is no event of its own, one that does not say its run, spans that do not hang together.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { RUN, STEPS, watchedRun, type WatchedRun } from './support/watched-run.ts';

const testStore = withTestStore();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let watched: WatchedRun;

beforeAll(async () => {
  folder = await temporaryFolder();
  const storeEnvironment = testStore().environment;
  watched = await watchedRun({ folder: folder.path, storeEnvironment });
}, 300_000);
afterAll(() => folder.remove());

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('the log', () => {
  const eventSchema = z.looseObject({
    time: z.iso.datetime(),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    msg: z.string(),
    worker: z.enum(['data', 'gpu']),
  });
  type LogEvent = z.output<typeof eventSchema>;
  const events = (): LogEvent[] => watched.lines.map((line) => eventSchema.parse(JSON.parse(line)));

  it('is one JSON object a line, none of which holds another', () => {
    expect(events().length).toBeGreaterThan(40);
    expect(events().filter(({ msg }) => msg.includes('{'))).toEqual([]);
  });

  it('names run, activity and attempt in each line of an activity, also where the trainer wrote it', () => {
    const ofTrainer = events().filter(({ task }) => task === 'train-epoch');
    expect(ofTrainer.map(({ msg }) => msg)).toContain('A checkpoint is saved');
    for (const event of [...ofTrainer, ...events().filter(({ activityId }) => activityId)]) {
      expect(event['run']).toEqual(expect.stringMatching(/^(watched|absent|endless)$/));
      expect(event).toMatchObject({
        activityType: expect.any(String),
        activityId: expect.any(String),
        attempt: expect.any(Number),
      });
    }
    expect(ofTrainer.map(({ attempt, epoch }) => `${String(epoch)}.${String(attempt)}`)).toEqual(
      expect.arrayContaining(['1.2', '2.1']),
    );
  });

  it('tells how each step ended, and why a run failed', () => {
    const trained = events().filter(({ msg }) => msg === 'trainEpoch ends');
    expect(trained).toEqual([
      expect.objectContaining({ run: RUN, stage: 'heads', epoch: 1, attempt: 2 }),
      expect.objectContaining({ run: RUN, stage: 'heads', epoch: 2, attempt: 1 }),
    ]);
    expect(trained[0]).toMatchObject({ outcome: 'finished', loss: expect.any(Number) });
    const failed = events().filter(({ run, level }) => run === 'absent' && level !== 'info');
    expect(failed[0]).toMatchObject({
      msg: 'Activity failed',
      err: { code: 'archive-not-found', message: expect.stringContaining('nothing/is/here.zip') },
    });
  });
});

describe('the metrics', () => {
  const names = () => new Set(watched.series.map(({ name }) => name));
  const NAME = /\b(?:lesionflow|temporal)_[a-z_]+/g;

  it('that the guide names are served, and those of ours that are served are in the guide', () => {
    const guide = read('docs/guides/logs-and-metrics.md');
    const documented = new Set([...guide.matchAll(/(?:lesionflow|temporal)_[a-z_]+/g)].map(String));
    const base = (name: string) => name.replace(/_(bucket|count|sum)$/, '');
    const served = new Set([...names()].map(base));
    expect([...documented].filter((name) => !served.has(name))).toEqual([]);
    const ours = [...served].filter((name) => name.startsWith('lesionflow_'));
    expect(ours.filter((name) => !documented.has(name))).toEqual([]);
  });

  it('that the dashboard asks for are served, with the labels that it goes by', () => {
    const asked = expressionsOf(JSON.parse(read('infra/grafana/dashboards/lesionflow.json')));
    expect(asked.length).toBeGreaterThan(20);
    const unanswered = asked.flatMap((expression) => {
      const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) =>
        labels.split(', '),
      );
      return [...expression.matchAll(NAME)].map(String).flatMap((name) => {
        const braces = expression.slice(expression.indexOf(name) + name.length);
        const matched = /^\{([^}]*)\}/.exec(braces)?.[1] ?? '';
        const given = [...matched.matchAll(/(\w+)(?:!?=~?)"/g)].map(([, label = '']) => label);
        const wanted = [...grouped, ...given];
        const isServed = watched.series.some(
          (series) => series.name === name && wanted.every((label) => series.labels.has(label)),
        );
        return isServed ? [] : [`${name} by ${wanted.join()} of ${expression}`];
      });
    });
    expect(unanswered).toEqual([]);
  });

  it('count what was done, and what was done again', () => {
    const sum = (name: string) =>
      watched.series
        .filter((series) => series.name === name)
        .reduce((total, { value }) => total + value, 0);
    const redone = sum('lesionflow_train_steps_redone_total');
    expect(redone).toBeGreaterThan(0);
    // Counts of stages with the same labels' names: the last value that was seen of them.
    expect(sum('lesionflow_train_steps_total')).toBeGreaterThanOrEqual(STEPS);
    expect(sum('lesionflow_activity_retries_total')).toBeGreaterThanOrEqual(1);
  });
});

describe('the traces', () => {
  it('hold a run, its stages and its steps in one tree, from both workers', () => {
    const root = watched.spans.find(
      ({ name, parentSpanId }) => name.startsWith('RunWorkflow') && !parentSpanId,
    );
    expect(root).toBeDefined();
    const trained = watched.spans.filter(({ name }) => name === 'RunActivity:trainEpoch');
    // Both epochs, one of them twice.
    expect(trained).toHaveLength(3);
    const [traceId, ...others] = new Set(trained.map((span) => span.traceId));
    expect(others).toEqual([]);
    const ofRun = watched.spans.filter((span) => span.traceId === traceId);
    expect(new Set(ofRun.map(({ service }) => service))).toEqual(
      new Set(['lesionflow-data-worker', 'lesionflow-gpu-worker']),
    );
    const ids = new Set(ofRun.map(({ spanId }) => spanId));
    const orphans = ofRun.filter(({ parentSpanId }) => parentSpanId && !ids.has(parentSpanId));
    expect(orphans).toEqual([]);
    // Lines of the log say where in the tree they belong.
    const lines = watched.lines.filter((line) => line.includes('A checkpoint is saved'));
    expect(lines).not.toEqual([]);
    const spanIds = lines.map((line) => (JSON.parse(line) as { span_id?: string }).span_id);
    expect(new Set(spanIds)).toEqual(new Set(trained.slice(1).map(({ spanId }) => spanId)));
  });
});

/** Of all panels, and of the query behind the choice of runs. */
function expressionsOf(dashboard: unknown): string[] {
  if (Array.isArray(dashboard)) return dashboard.flatMap(expressionsOf);
  if (typeof dashboard !== 'object' || dashboard === null) return [];
  return Object.entries(dashboard).flatMap(([key, value]: [string, unknown]) =>
    ['expr', 'definition'].includes(key) && typeof value === 'string'
      ? [value]
      : expressionsOf(value),
  );
}
