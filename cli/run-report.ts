/** The work behind `lesionflow report`; commands/report.ts has its options. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { storeKeys } from '../contracts/store-keys.ts';
import { gatherFacts } from '../report/run-page/gather-facts.ts';
import { renderRunPage } from '../report/run-page/render.ts';
import { ObjectNotFoundError } from '../storage/errors.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { openStore, openTemporal } from './connections.ts';
import { UsageError } from './failures.ts';
import { knownRunOf } from './known-run.ts';
import { printResult, type JsonFlag } from './output.ts';
import { inBytes } from './words.ts';

export interface ReportFlags extends JsonFlag {
  readonly out?: string;
}

export async function runReport(runId: string, { out, ...flags }: ReportFlags): Promise<void> {
  const file = resolve(out ?? `report-${runId.replaceAll(/[^\w.-]/g, '_')}.html`);
  await using temporal = await openTemporal(process.env);
  using store = openStore(process.env);
  const { page, state } = await pageOf(store, temporal.client, runId);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, page);
  const bytes = Buffer.byteLength(page);
  printResult(flags, { runId, state, file, bytes }, () => [
    `${file} (${inBytes(bytes)}; the run is ${state})`,
  ]);
}

type Client = Parameters<typeof knownRunOf>[0];

async function pageOf(store: ObjectStore, client: Client, runId: string) {
  try {
    const known = await knownRunOf(client, runId);
    return { page: renderRunPage(await gatherFacts(store, known)), state: known.state };
  } catch (error) {
    // Temporal forgets runs after a while; the page that a run left in the store at its end stays.
    const left = error instanceof UsageError ? await storedPage(store, runId) : undefined;
    if (left === undefined) throw error;
    return { page: left, state: 'over' };
  }
}

async function storedPage(store: ObjectStore, runId: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await store.get(storeKeys.runPage(runId)));
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    throw error;
  }
}
