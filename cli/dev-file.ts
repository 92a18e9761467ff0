/**
 * `dev.json` in the state folder: how the other commands find a development environment that runs. It holds
 * the local store's keys, so only its owner may read it; it is gone when the environment has stopped.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { stateFolder } from '../infra/paths.mjs';

const devFileSchema = z.object({
  /** The process that holds it all. */
  pid: z.int().positive(),
  temporal: z.object({ address: z.string(), namespace: z.string(), uiUrl: z.string() }),
  store: z.object({
    endpoint: z.string(),
    bucket: z.string(),
    region: z.string(),
    credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  }),
});

export type DevFile = z.output<typeof devFileSchema>;

type Environment = Readonly<Record<string, string | undefined>>;

/** `LESIONFLOW_HOME`, or `.lesionflow/` in the checkout. */
export function stateFolderOf(environment: Environment): string {
  const asked = environment['LESIONFLOW_HOME'];
  return asked === undefined || asked === '' ? stateFolder : resolve(asked);
}

/** Where downloads that can be made again are kept: `LESIONFLOW_CACHE`, or in the state folder. */
export function cacheFolderOf(environment: Environment): string {
  const asked = environment['LESIONFLOW_CACHE'];
  return asked === undefined || asked === ''
    ? join(stateFolderOf(environment), 'cache')
    : resolve(asked);
}

/** The environment that runs now; `undefined` when there is none, or what is written is out of date. */
export function readDevFile(environment: Environment): DevFile | undefined {
  let text: string;
  try {
    text = readFileSync(pathOf(environment), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = devFileSchema.safeParse(parseJson(text));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : undefined;
}

/** Announces this process's environment, unless another one that runs is announced already. */
export function writeDevFile(environment: Environment, file: DevFile): void {
  const other = readDevFile(environment);
  if (other !== undefined && other.pid !== file.pid) return;
  mkdirSync(stateFolderOf(environment), { recursive: true });
  writeFileSync(pathOf(environment), `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
}

/** Takes the announcement back if it is this process's. */
export function removeDevFile(environment: Environment): void {
  if (readDevFile(environment)?.pid === process.pid) rmSync(pathOf(environment), { force: true });
}

const pathOf = (environment: Environment): string => join(stateFolderOf(environment), 'dev.json');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
