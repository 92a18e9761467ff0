/** The demo from the first server to the last line; commands/demo.ts has its options. */
import { dirname, join } from 'node:path';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { PipelineRequest } from '../contracts/pipeline-input.ts';
import { createS3ObjectStore } from '../storage/s3-object-store.ts';
import { withAutoPreset } from './auto-preset.ts';
import { openDevTemporal } from './connections.ts';
import { demoArchives } from './demo-archives.ts';
import { downloadResults } from './demo-results.ts';
import { startDevEnvironment, type DevEnvironment } from './dev-environment.ts';
import { cacheFolderOf, removeDevFile, stateFolderOf, writeDevFile } from './dev-file.ts';
import { exitCodes } from './failures.ts';
import { followRun } from './follow-run.ts';
import { onInterrupt, untilAborted } from './interrupt.ts';
import { note, printResult, type JsonFlag } from './output.ts';
import { renderResult } from './render-run.ts';
import { buildRequest } from './request.ts';
import { startRun } from './start-run.ts';

export interface DemoFlags extends JsonFlag {
  readonly images?: string;
  readonly masks?: string;
  readonly preset: string;
  readonly hours: number;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly exit?: true;
}

const ALIAS = 'champion';

/** Gives the exit code. */
export async function runDemo(flags: DemoFlags): Promise<number> {
  const folder = join(stateFolderOf(process.env), 'demo');
  const say = (text: string) => note(flags, text);
  using interrupt = onInterrupt();
  await using archives = await demoArchives(flags, join(folder, 'archives'));
  const { name, images, masks } = archives;
  const given = { ...flags, dataset: name, images, masks };
  const request = buildRequest(await withAutoPreset(given, say));
  request.publish = { model: name, alias: ALIAS, ...request.publish };

  say('Starting Temporal, the S3 store and the workers …');
  await using environment = await startDevEnvironment({
    folder,
    cacheFolder: cacheFolderOf(process.env),
    onNotice: say,
  });
  writeDevFile(process.env, environment.file);
  try {
    const isDone = await run({ environment, request, folder, signal: interrupt.signal, flags });
    if (isDone && process.stdout.isTTY && flags.exit !== true) {
      say('\nThe Temporal UI stays up so that you can look around. Ctrl-C stops everything.');
      await untilAborted(interrupt.signal);
    }
    say('Stopping …');
    return isDone ? exitCodes.ok : exitCodes.interrupted;
  } finally {
    removeDevFile(process.env);
  }
}

/** Trains, shows what came out, and predicts. `false` when it was interrupted. */
async function run(options: {
  readonly environment: DevEnvironment;
  readonly request: PipelineRequest;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly flags: JsonFlag;
}): Promise<boolean> {
  const { environment, request, folder, signal, flags } = options;
  await using temporal = await openDevTemporal(environment.file);
  const { client } = temporal;
  await endLeftRuns(client);
  const runId = await startRun(client, request);
  const page = temporal.pageOf(runId) ?? '';
  note(flags, `Run ${runId}\n${page}\nLogs in ${environment.logFolder}\n`);
  const output = flags.json ? process.stderr : process.stdout;
  const result = await followRun({ client, runId, output, signal });
  if (result === undefined) return false;

  using store = createS3ObjectStore(environment.file.store);
  const outcome = join(folder, runId);
  const { overlays, picture } = await downloadResults(store, result.evaluation, outcome);
  const prediction =
    picture === undefined
      ? undefined
      : await predictOne({ store, request, picture, folder: outcome });
  printResult(flags, { ...result, page, overlays, prediction }, () => [
    '',
    ...renderResult(result),
    ...(overlays[0] === undefined ? [] : [`Overlay pictures  ${dirname(overlays[0])}`]),
    ...(prediction === undefined ? [] : [`A prediction      ${prediction}`]),
    `The run           ${page}`,
  ]);
  return true;
}

/** Runs of a demo that was cut off would go on now, and take the workers from this one. */
async function endLeftRuns(client: Client): Promise<void> {
  for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus="Running"' })) {
    const handle = client.workflow.getHandle(workflowId);
    // A stage may end by itself as soon as its pipeline has.
    await handle.terminate('A new demo was started.').catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    });
  }
}

/** The path of the picture that the champion drew. */
async function predictOne(options: {
  readonly store: ReturnType<typeof createS3ObjectStore>;
  readonly request: PipelineRequest;
  readonly picture: string;
  readonly folder: string;
}): Promise<string | undefined> {
  const { store, request, picture, folder } = options;
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  const { predictImages } = await import('./predict-images.ts');
  const [prediction] = await predictImages({
    store,
    name: { model: request.publish?.model ?? '', version: request.publish?.alias ?? ALIAS },
    images: [picture],
    out: join(folder, 'prediction'),
    cacheFolder: cacheFolderOf(process.env),
    minConfidence: 0,
  });
  return prediction?.files.overlay;
}
