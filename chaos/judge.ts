/** All oracles over one run that is over. */
import type { RunReport } from './disturbed-run.ts';
import { faults } from './faults/catalogue.ts';
import { readFinalState, sameFinalState, type FinalState } from './oracles/final-state.ts';
import { secretsInFiles, secretsInHistories, secretsInStore } from './oracles/leaked-secrets.ts';
import { onePublication } from './oracles/one-publication.ts';
import { orphans } from './oracles/orphans.ts';
import { indexStore } from './oracles/store-index.ts';
import { leakedUploads } from './oracles/uploads.ts';
import type { Violation } from './oracles/violation.ts';
import { wholeObjects } from './oracles/whole-objects.ts';
import { allowedSteps, workLost, type Pace } from './oracles/work-lost.ts';
import { places, type Place } from './places.ts';
import type { Plant } from './plant.ts';
import { ALIAS } from './recipe.ts';
import type { PlantedSecret } from './secrets.ts';
import { workflowsOf } from './workflows-of.ts';

export interface JudgeOptions {
  readonly plant: Plant;
  readonly mark: string;
  readonly report: RunReport;
  /** Of data set and model. */
  readonly name: string;
  readonly secrets: readonly PlantedSecret[];
  readonly pace: Pace;
  /** What an undisturbed run came to; `undefined` when this is that run. */
  readonly reference: FinalState | undefined;
}

/** What lies in the store for a run. */
export const prefixesOf = (runId: string, name: string): string[] => [
  `runs/${runId}/`,
  `datasets/${name}/`,
  `models/${name}/`,
];

/** Splits and outcomes are named by hashes, so all of them are looked at. */
const SHARED = ['splits/', 'outcomes/'];

export async function judge(options: JudgeOptions): Promise<{
  readonly violations: readonly Violation[];
  readonly state: FinalState | undefined;
}> {
  const { plant, mark, report, name, secrets, reference } = options;
  const { runId, result, history } = report;
  const prefixes = prefixesOf(runId, name);
  const index = await indexStore(plant.store, [...prefixes, ...SHARED], secrets);
  const state = result && (await readFinalState(plant.store, result, history));
  const found: (readonly Violation[])[] = [
    report.violations,
    completion(report),
    wholeObjects(index),
    secretsInStore(index),
    await secretsInHistories(plant.client, await workflowsOf(plant.client, runId), secrets),
    await secretsInFiles(plant.logFiles, secrets),
    await leakedUploads(plant.store, prefixes),
    await orphans(mark),
    workLost(history, allowedByEpoch(options)),
    result === undefined ? [] : onePublication(index, { model: name, alias: ALIAS, result }),
    state === undefined || reference === undefined ? [] : sameFinalState(reference, state),
  ];
  return { violations: found.flat(), state };
}

function completion({ state, failure, runId }: RunReport): Violation[] {
  if (state === 'COMPLETED') return [];
  return [{ oracle: 'completion', what: `${runId} ended as ${state}: ${failure ?? ''}` }];
}

/** A fault before an epoch's first step costs nothing; one that struck in it is paid there. */
function allowedByEpoch({ report, pace }: JudgeOptions): Map<number, number> {
  const allowed = new Map<number, number>();
  for (const { fault, place, outcome } of report.faults) {
    const { epoch }: Place = places[place];
    if (epoch === undefined || outcome !== 'survived') continue;
    allowed.set(epoch, (allowed.get(epoch) ?? 0) + allowedSteps(faults[fault].mayCost, pace));
  }
  return allowed;
}
