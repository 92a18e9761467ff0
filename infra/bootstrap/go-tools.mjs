/**
 * The embedded servers as executables under `.lesionflow/tools/`, pinned and checksummed by
 * `infra/tools/go.mod` and `go.sum`. A `temporal` on the PATH that is new enough is used instead; where
 * Temporal cannot be built, the Temporal SDK's own download is the fallback.
 */
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot, stateFolder, toolPath } from '../paths.mjs';
import { ask, runCommand } from './command.mjs';
import { SetupError } from './errors.mjs';
import { findGo, mend } from './prerequisites.mjs';
import { stamp } from './stamps.mjs';
import { satisfies } from './versions.mjs';

const MODULE = join(projectRoot, 'infra/tools');
/** The server inside the executable: what our use of search attributes and updates was tried with. */
const TEMPORAL_SERVER = '>=1.29';

const stampOf = (/** @type {'temporal' | 'versitygw'} */ name) =>
  stamp(name, {
    files: [join(MODULE, 'go.mod'), join(MODULE, 'go.sum'), fileURLToPath(import.meta.url)],
    facts: [process.platform, process.arch],
    outputs: [toolPath(name)],
  });

/** @type {import('./steps.mjs').Step} */
export const objectServer = {
  name: 'S3 server',
  reason: 'building versitygw from source, about 1 minute, once',
  isFresh: () => stampOf('versitygw').isFresh(),
  missing: async () => ((await findGo()) === undefined ? [mend.go] : []),
  run: async ({ signal }) => {
    const flag = `-X main.Version=${pinnedVersion('versity/versitygw')}`;
    await build('versitygw', 'github.com/versity/versitygw/cmd/versitygw', flag, signal);
    stampOf('versitygw').write();
  },
};

/** @type {import('./steps.mjs').Step} */
export const temporalServer = {
  name: 'Temporal server',
  reason: 'building the Temporal dev server from source, about 4 minutes, once',
  isFresh: () => stampOf('temporal').isFresh(),
  missing: async () => [],
  run: async (context) => {
    const own = await temporalOnPath();
    if (own !== undefined) {
      context.say(`Temporal server: using ${own.path} (server ${own.server})`);
      await link(own.path, toolPath('temporal'));
    } else {
      await buildOrDownload(context);
    }
    stampOf('temporal').write();
  },
};

/** @returns {Promise<{ path: string, server: string } | undefined>} */
async function temporalOnPath() {
  const [, server] = /Server (\d[\d.]*)/.exec((await ask('temporal', ['--version'])) ?? '') ?? [];
  if (server === undefined || !satisfies(server, TEMPORAL_SERVER)) return undefined;
  const path = (await ask('sh', ['-c', 'command -v temporal']))?.trim();
  return path ? { path, server } : undefined;
}

/** @param {import('./steps.mjs').StepContext} context */
async function buildOrDownload({ signal, say, packages }) {
  const flag = `-X github.com/temporalio/cli/temporalcli.Version=${pinnedVersion('temporalio/cli')}`;
  try {
    await build('temporal', 'github.com/temporalio/cli/cmd/temporal', flag, signal);
  } catch (failure) {
    if (signal.aborted) throw failure;
    say(
      'Temporal server: it could not be built, so downloading the one that the Temporal SDK names',
    );
    await packages;
    await download(signal).catch(() => {
      throw failure;
    });
  }
}

/** @param {string} module under github.com */
function pinnedVersion(module) {
  const lines = readFileSync(join(MODULE, 'go.mod'), 'utf8').split('\n');
  const line = lines.find((text) => text.trim().startsWith(`github.com/${module} v`));
  return line?.trim().split(' v')[1]?.split(' ')[0] ?? '';
}

/**
 * @param {'temporal' | 'versitygw'} name
 * @param {string} goPackage
 * @param {string} linkerFlag
 * @param {AbortSignal} signal
 */
async function build(name, goPackage, linkerFlag, signal) {
  if ((await findGo()) === undefined) throw new SetupError(mend.go);
  const target = toolPath(name);
  await mkdir(dirname(target), { recursive: true });
  await runCommand({
    command: 'go',
    args: [
      ...['build', '-mod=readonly', '-trimpath', `-ldflags=-s -w ${linkerFlag}`],
      ...['-o', `${target}.part`, goPackage],
    ],
    cwd: MODULE,
    env: { CGO_ENABLED: '0' },
    signal,
  });
  await rename(`${target}.part`, target);
}

/** @param {AbortSignal} signal */
async function download(signal) {
  const folder = join(stateFolder, 'tools/download');
  await mkdir(folder, { recursive: true });
  const script = `
    const { TestWorkflowEnvironment } = require('@temporalio/testing');
    const executable = { type: 'cached-download', downloadDir: process.argv[1] };
    TestWorkflowEnvironment.createLocal({ server: { executable } }).then((server) => server.teardown());`;
  await runCommand({
    command: process.execPath,
    args: ['--eval', script, folder],
    cwd: projectRoot,
    signal,
  });
  const [file] = await readdir(folder);
  if (file === undefined) throw new SetupError(`The Temporal SDK left nothing in ${folder}.`);
  await link(join(folder, file), toolPath('temporal'));
}

/**
 * @param {string} from
 * @param {string} to
 */
async function link(from, to) {
  await mkdir(dirname(to), { recursive: true });
  await rm(to, { force: true });
  await symlink(from, to);
}
