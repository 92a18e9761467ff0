/**
 * From a scored checkpoint to a version, and from a version to what the alias names: published first, whoever decides
 * about it afterwards. Where a person is to decide, the run waits between the two, for as long as the input says,
 * on a timer that outlives every worker.
 */
import { condition } from '@temporalio/workflow';
import type { Verdict } from '../contracts/control.ts';
import type { ApprovalRule } from '../contracts/pipeline-input.ts';
import type { AliasAnswer } from '../contracts/progress.ts';
import type { CheckpointRef, EvaluationRef, VersionRef } from '../contracts/references.ts';
import { dataActivities, trainingActivities } from './activity-options.ts';
import { configHash } from './config-hash.ts';
import type { PreparedData } from './prepare-data.ts';
import type { Run } from './run.ts';

interface Scored {
  readonly checkpoint: CheckpointRef;
  readonly evaluation: EvaluationRef;
}

export async function publishVersion(
  { runId, input, progress, search }: Run,
  data: PreparedData,
  { checkpoint, evaluation }: Scored,
): Promise<VersionRef> {
  const { publishModel } = trainingActivities(input.timeouts);
  const { model } = input.publish;
  search.set({ stage: 'publish' });
  const version = await progress.during(
    'publish',
    () =>
      publishModel.executeWithOptions({ summary: `${model}, from epoch ${checkpoint.epoch}` }, [
        { runId, model, ...data, checkpoint, evaluation, configHash: configHash(input) },
      ]),
    (published) => `${published.model} ${published.version}`,
  );
  progress.published(version);
  return version;
}

/** Moves the alias, or not; throws the cancellation of a run that waits for an answer. */
export async function promote(run: Run, version: VersionRef): Promise<AliasAnswer> {
  const { input, progress, search } = run;
  const { alias, gate } = input.publish;
  const { moveAlias } = dataActivities(input.timeouts);
  const answer = await progress.during(
    'promote',
    async () => {
      const verdict = await askedVerdict(run, version);
      search.set({ stage: 'promote' });
      return moveAlias.executeWithOptions(
        { summary: `${alias}: ${version.model} ${version.version}?` },
        [{ version, alias, gate, verdict }],
      );
    },
    ({ name, moved, reason }) =>
      `${name} ${moved ? `names version ${version.version} now` : 'stays'}: ${reason}`,
  );
  progress.promoted(answer);
  return answer;
}

/** `null` where nobody is asked: the input says so, or the gate refuses already. */
async function askedVerdict(
  { input, approval, progress, search }: Run,
  version: VersionRef,
): Promise<Verdict | null> {
  const { alias, gate, approval: rule } = input.publish;
  if (rule === null) return null;
  const { weighVersion } = dataActivities(input.timeouts);
  const { moves, reason } = await weighVersion.executeWithOptions(
    { summary: `would ${version.model} ${version.version} pass the gate?` },
    [{ version, alias, gate }],
  );
  if (!moves) return null;
  const milliseconds = Math.ceil(rule.hours * 3_600_000);
  approval.ask(reason, new Date(Date.now() + milliseconds));
  search.set({ stage: 'waiting for approval' });
  progress.show();
  await answerWithin(milliseconds, { approval, rule, version });
  progress.show();
  return approval.verdict;
}

async function answerWithin(
  milliseconds: number,
  {
    approval,
    rule,
    version,
  }: { approval: Run['approval']; rule: ApprovalRule; version: VersionRef },
): Promise<void> {
  const isAnswered = await condition(() => approval.verdict !== null, milliseconds, {
    summary: `for approval of ${version.model} ${version.version}`,
  });
  // An answer may come in the very moment in which the time is over.
  if (!isAnswered && approval.verdict === null) approval.timeOut(rule.hours);
}
