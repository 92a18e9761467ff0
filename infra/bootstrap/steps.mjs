/**
 * The set-up as a whole: what is stale is done, two lines of work at a time (npm → TensorFlow beside the Go
 * builds), one set-up at a time in a checkout. A missing prerequisite is told before anything is begun.
 */
import { waitForFolder } from '../folder-lock.mjs';
import { stateFolder } from '../paths.mjs';
import { SetupError } from './errors.mjs';
import { objectServer, temporalServer } from './go-tools.mjs';
import { nativeTensorflow } from './native-tensorflow.mjs';
import { npmPackages } from './npm-packages.mjs';
import { isNodeSupported, mend } from './prerequisites.mjs';
import { createProgress } from './progress.mjs';

/**
 * @typedef {object} StepContext
 * @property {AbortSignal} signal set when another step has failed
 * @property {(line: string) => void} say
 * @property {Promise<void>} packages settles when the npm packages are there
 */

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} reason what there is to wait for, and about how long
 * @property {() => boolean} isFresh is there nothing to do? Quick, reads files only
 * @property {Step} [lostWith] a step whose work, done anew, takes away what this one has made
 * @property {() => Promise<string[]>} missing what to install first, a sentence each
 * @property {(context: StepContext) => Promise<void>} run
 */

const WORKER_STEPS = [npmPackages, nativeTensorflow];
const SERVER_STEPS = [objectServer, temporalServer];

/**
 * Makes the checkout ready to run. Throws `SetupError` with all that the user must know.
 * @param {{ servers?: boolean }} [options] without the embedded servers (an image for workers needs none)
 */
export async function setUp({ servers = true } = {}) {
  if (!isNodeSupported()) {
    throw new SetupError(`Node.js ${process.versions.node} is not supported. ${mend.node}`);
  }
  const steps = servers ? [...WORKER_STEPS, ...SERVER_STEPS] : WORKER_STEPS;
  if (steps.every((step) => step.isFresh())) return;

  const progress = createProgress();
  const lock = await waitForFolder(stateFolder, (holder) =>
    progress.say(`another set-up of this checkout (process ${holder}) is at work: waiting for it`),
  );
  try {
    // Only now: the other set-up may have done it all.
    await runStale(steps, progress);
  } finally {
    progress.close();
    await lock.release();
  }
}

/**
 * What there is to do, also what will be only once something before it was done anew.
 * @param {readonly Step[]} steps
 * @returns {Step[]}
 */
export function staleSteps(steps) {
  return steps.filter((step) => !step.isFresh() || (step.lostWith && !step.lostWith.isFresh()));
}

/**
 * @param {readonly Step[]} steps
 * @param {ReturnType<typeof createProgress>} progress
 */
async function runStale(steps, { say, report }) {
  const stale = staleSteps(steps);
  const missing = (await Promise.all(stale.map((step) => step.missing()))).flat();
  if (missing.length > 0) throw new SetupError([...new Set(missing)].join('\n'));

  const abort = new AbortController();
  const run = async (/** @type {Step} */ step, /** @type {Promise<void>} */ packages) => {
    if (!stale.includes(step)) return;
    abort.signal.throwIfAborted();
    const context = { signal: abort.signal, say, packages };
    await report(step.name, step.reason, () => step.run(context)).catch((error) => {
      abort.abort();
      throw error instanceof SetupError
        ? new SetupError(`${step.name}: ${error.message}`, { cause: error.cause })
        : error;
    });
  };
  const packages = run(npmPackages, Promise.resolve());
  await Promise.all([
    packages.then(() => run(nativeTensorflow, packages)),
    run(objectServer, packages).then(() => run(temporalServer, packages)),
  ]);
}
