/**
 * What checkpoints within an epoch cost: `npx tsx bench/checkpoint-overhead.ts`. ResNet-50, 512 px, batch 1, all
 * layers, a store on this machine. Prints the pause of a save (the files are written by the thread that trains),
 * what hashing and uploading take beside it, and how much slower steps are meanwhile; in seconds of the clock and
 * of the processor, since only the latter are worth something on a machine that others use.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { startObjectServer } from '../infra/servers/object-server.ts';
import { maskRcnnConfigSchema } from '../maskrcnn/config.ts';
import { Parameters } from '../maskrcnn/parameters.ts';
import { randomStream } from '../maskrcnn/random.ts';
import { buildBatch } from '../maskrcnn/training/batch.ts';
import { CompiledTrainer } from '../maskrcnn/training/compiled-trainer.ts';
import { NO_LOSSES } from '../maskrcnn/training/loss-values.ts';
import { CheckpointUploader } from '../trainer/checkpoints/checkpoint-uploader.ts';
import type { UploadJob } from '../trainer/checkpoints/messages.ts';
import { writeState } from '../trainer/checkpoints/write-state.ts';

const SIZE = 512;
const ROUNDS = Number(process.argv[2] ?? 5);
const EVERY_SECONDS = 120;
const hash = '0'.repeat(64);

interface Cost {
  /** Seconds. */
  readonly clock: number;
  /** Seconds of all this process's threads. */
  readonly processor: number;
}

async function costOf(work: () => Promise<unknown> | void): Promise<Cost> {
  const before = process.cpuUsage();
  const began = performance.now();
  await work();
  const clock = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { clock, processor: (user + system) / 1e6 };
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function show(what: string, costs: readonly Cost[]): void {
  const seconds = (of: keyof Cost) => median(costs.map((cost) => cost[of])).toFixed(2);
  const line = `${what.padEnd(44)} ${seconds('clock')} s, processor ${seconds('processor')} s`;
  process.stdout.write(`${line} (median of ${String(costs.length)})\n`);
}

const config = maskRcnnConfigSchema.parse({
  backbone: 'resnet50',
  numClasses: 2,
  imagesPerGpu: 1,
  imageMinDim: SIZE,
  imageMaxDim: SIZE,
});
const inside = (at: number) => Math.hypot((at % SIZE) - 256, Math.floor(at / SIZE) - 256) < 120;
const image = {
  id: 'disc',
  height: SIZE,
  width: SIZE,
  pixels: Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, at) => (at * 2654435761) >>> 24),
  window: [0, 0, SIZE, SIZE] as const,
  originalSize: [SIZE, SIZE] as const,
  scale: 1,
  instances: [
    { classId: 1, mask: Uint8Array.from({ length: SIZE * SIZE }, (_, at) => (inside(at) ? 1 : 0)) },
  ],
};

const folder = await mkdtemp(join(tmpdir(), 'lesionflow-checkpoints-'));
await using server = await startObjectServer({ folder: join(folder, 'store'), bucket: 'bench' });
const { endpoint, bucket, region, credentials } = server;
const uploader = new CheckpointUploader({ store: { endpoint, bucket, region, credentials } });

using parameters = Parameters.initialise(config, 1);
using engine = new CompiledTrainer({ config, parameters, layers: 'all' });
let steps = 0;
const step = () => void engine.step(buildBatch([image], config, randomStream(1, steps++)), 1e-5);
/** As the trainer does between two steps. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve));

const eventsPath = join(folder, 'events');
await writeFile(eventsPath, 'some points');

async function write(): Promise<UploadJob> {
  engine.sync();
  const files = await writeState({ parameters, engine }, config, join(folder, 'state'));
  return {
    checkpoint: {
      ...{ runId: 'bench', stage: 'all', epoch: 1, stepInEpoch: steps, step: steps, config },
      ...{ attempt: 'a1', lossSums: NO_LOSSES, best: null },
      hashes: { recipe: hash, data: hash, code: hash },
      ...files,
    },
    events: { key: `runs/bench/events/${String(steps)}`, path: eventsPath },
    obsolete: [],
  };
}

step();
step();
const upload = (job: UploadJob) => uploader.upload(job, () => undefined);
await upload(await write());
step();

const alone: Cost[] = [];
const pauses: Cost[] = [];
const uploads: Cost[] = [];
const beside: Cost[] = [];
for (let round = 0; round < ROUNDS; round++) {
  for (let n = 0; n < 3; n++) alone.push(await costOf(step));
  const jobs: UploadJob[] = [];
  pauses.push(await costOf(async () => jobs.push(await write())));
  for (const job of jobs) {
    uploads.push(await costOf(() => upload(job)));
    const underWay = new Set([job]);
    const end = upload(job).then(() => underWay.delete(job));
    do {
      beside.push(await costOf(step));
      await breathe();
    } while (underWay.size > 0);
    await end;
  }
}

const { size } = await stat(join(folder, 'state', 'weights.h5'));
process.stdout.write(`weights ${(size / 1e6).toFixed(0)} MB, with as much momentum; `);
process.stdout.write(
  `load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}\n`,
);
show('a step, nothing beside it', alone);
show('the pause of a save', pauses);
show('hashing and uploading, nothing beside it', uploads);
show('a step beside an upload', beside);
const pause = median(pauses.map(({ clock }) => clock));
const normal = median(alone.map(({ clock }) => clock));
// All steps beside an upload, against as many that had the machine to themselves.
const slower = beside.reduce((sum, { clock }) => sum + clock - normal, 0) / ROUNDS;
const share = ((pause + slower) / EVERY_SECONDS) * 100;
process.stdout.write(
  `a checkpoint costs ${pause.toFixed(2)} s of pause and ${slower.toFixed(2)} s of slower steps: ` +
    `${share.toFixed(1)} % of the time, at one every ${String(EVERY_SECONDS)} s\n`,
);
await rm(folder, { recursive: true, force: true });
process.exit(0);
