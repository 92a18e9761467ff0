/** One run of the real pipeline: started, met by its faults one after another, followed to its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startRun } from '../cli/start-run.ts';
import type { PipelineRequest } from '../contracts/pipeline-input.ts';
import {
  pipelineResultSchema,
  type EpochResult,
  type PipelineResult,
} from '../contracts/progress.ts';
import { randomStream } from '../maskrcnn/random.ts';
import { faults } from './faults/catalogue.ts';
import type { Scene } from './faults/fault.ts';
import { meetRun, type Met } from './meet-run.ts';
import { secretsInHeartbeats } from './oracles/leaked-secrets.ts';
import type { Violation } from './oracles/violation.ts';
import type { Plant } from './plant.ts';
import type { RunLength } from './recipe.ts';
import { isPast, RunWatch, type Position } from './run-watch.ts';
import type { PlannedFault } from './schedule.ts';
import type { PlantedSecret } from './secrets.ts';
import { workflowsOf } from './workflows-of.ts';

export interface RunOptions {
  readonly plant: Plant;
  readonly request: PipelineRequest;
  readonly length: RunLength;
  readonly faults: readonly PlannedFault[];
  readonly seed: number;
  readonly secrets: readonly PlantedSecret[];
  readonly say: (line: string) => void;
  /** Gives the run up. */
  readonly signal: AbortSignal;
}

/** What became of a fault. */
export interface FaultReport extends PlannedFault {
  /** Missed: its moment never came, or it was over too soon. Stuck: the run made no progress after it. */
  readonly outcome: 'survived' | 'missed' | 'stuck' | 'left out';
  /** From the harm to the first progress past where the run was; an outage's own time is part of it. */
  readonly recoverySeconds?: number;
}

export interface RunReport {
  readonly runId: string;
  /** Temporal's word, or STUCK. */
  readonly state: string;
  readonly failure: string | undefined;
  /** Of a run that completed. */
  readonly result: PipelineResult | undefined;
  readonly history: readonly EpochResult[];
  readonly faults: readonly FaultReport[];
  readonly stepsPerSecond: number;
  /** Secrets that were seen in heartbeats on the way. */
  readonly violations: readonly Violation[];
}

/** Heartbeats are gone when the next one comes; so often they are looked at, in ms. */
const HEARTBEAT_LOOK_MS = 3_000;

/** So long the last reports from before the harm take to arrive. */
const SETTLE_MS = 1_500;

/** Throws the signal's reason. */
export async function disturbedRun(options: RunOptions): Promise<RunReport> {
  const { client } = options.plant;
  const runId = await startRun(client, options.request);
  const heartbeats = heartbeatLook(options, runId);
  const watch = new RunWatch({
    ...options,
    client,
    runId,
    ...options.length,
    onLook: heartbeats.look,
  });
  const reports: FaultReport[] = [];
  for (const planned of options.faults) {
    reports.push(await disturb(planned, { ...options, runId, watch }));
  }
  const { state, failure, status } = await watch.until(() => false);
  const isDone = state === 'COMPLETED';
  const handle = client.workflow.getHandle(runId);
  return {
    runId,
    state,
    failure,
    result: isDone ? pipelineResultSchema.parse(await handle.result()) : undefined,
    history: status?.history ?? [],
    faults: reports,
    stepsPerSecond: watch.stepsPerSecond,
    violations: heartbeats.violations,
  };
}

interface Disturbance extends RunOptions {
  readonly runId: string;
  readonly watch: RunWatch;
}

async function disturb(planned: PlannedFault, options: Disturbance): Promise<FaultReport> {
  const { say, plant, watch, request, runId, length } = options;
  const { fault, place } = planned;
  const name = `  fault ${planned.index}, ${fault}, ${place}`;
  if (fault === 'disk full' && plant.noFullDisk !== undefined) {
    say(`${name}: left out (${plant.noFullDisk})`);
    return { ...planned, outcome: 'left out' };
  }
  const { proxy } = plant;
  const met = await meetRun(planned, { watch, proxy, runId, length, name: request.dataset.name });
  if (met === undefined) {
    say(`${name}: its moment did not come`);
    return { ...planned, outcome: 'missed' };
  }
  const began = performance.now();
  let isStuck: boolean;
  try {
    isStuck = await harm(planned, met, options);
  } catch (error) {
    options.signal.throwIfAborted();
    proxy.setFault(undefined);
    say(`${name}: could not be done (${String(error)})`);
    return { ...planned, outcome: 'missed' };
  }
  const recoverySeconds = (performance.now() - began) / 1000;
  const outcome = isStuck ? 'stuck' : 'survived';
  say(`${name}: ${inWords(met.position)}; ${outcome} after ${recoverySeconds.toFixed(1)} s`);
  return { ...planned, outcome, recoverySeconds };
}

/** Returns when the run has come further than the harm met it; `true` when it does not. */
async function harm(planned: PlannedFault, met: Met, options: Disturbance): Promise<boolean> {
  const { watch } = options;
  let mark = met.position;
  /** Reports of what was done before the harm still come in: they are no progress. */
  const settle = async () => {
    await sleep(SETTLE_MS);
    const now = await watch.look();
    if (isPast(now, mark)) mark = now;
  };
  const untilFurther = async () => {
    const { state } = await watch.until(
      ({ position, status }) => status !== undefined && isPast(position, mark),
    );
    return state === 'STUCK';
  };
  try {
    let settled = Promise.resolve();
    const scene = sceneOf(planned, options, async () => {
      await settled;
      await untilFurther();
    });
    const rest = await faults[planned.fault].inject(scene);
    met.held?.release();
    settled = settle();
    await Promise.all([rest(), settled]);
  } finally {
    met.held?.release();
  }
  await settle();
  return untilFurther();
}

function sceneOf(
  planned: PlannedFault,
  { plant, runId, seed, length, watch }: Disturbance,
  untilFurther: Scene['untilFurther'],
): Scene {
  return {
    plant,
    runId,
    heartbeatSeconds: length.heartbeatSeconds,
    random: randomStream(seed, 'harm', planned.index),
    untilFurther,
    untilState: async (state) => {
      await watch.until(({ status }) => status?.state === state);
    },
  };
}

/** Looks at all heartbeats for secrets, now and then. */
function heartbeatLook({ plant, secrets }: RunOptions, runId: string) {
  const violations: Violation[] = [];
  let last = -Infinity;
  const look = async () => {
    if (performance.now() - last < HEARTBEAT_LOOK_MS) return;
    last = performance.now();
    violations.push(
      ...(await secretsInHeartbeats(plant.client, await workflowsOf(plant.client, runId), secrets)),
    );
  };
  return { look, violations };
}

const inWords = ({ steps, epochs, work }: Position): string =>
  `met after ${steps} steps of the pipeline, ${epochs} epochs and ${work} steps of the next`;
