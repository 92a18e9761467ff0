/** What a reader should look at first: plain rules over the facts, each with its numbers and a place on the page. */
import type { ImageScore } from '../../contracts/manifests.ts';
import type { EpochResult } from '../../contracts/progress.ts';
import { JACCARD_THRESHOLD } from '../../evaluation/isic-scores.ts';
import { isGoing, type RunFacts } from './facts.ts';
import { lostTime } from './lost-time.ts';
import { count, counted, duration, mean, percent, score } from './words.ts';

export interface Finding {
  readonly tone: 'bad' | 'warn' | 'note' | 'good';
  readonly text: string;
  /** Where on the page is more, by its id. */
  readonly section:
    'scores' | 'pictures' | 'training' | 'speed' | 'quarantined' | 'lineage' | 'steps';
}

/** The weightiest first. */
export function findingsOf(facts: RunFacts): Finding[] {
  const order = ['bad', 'warn', 'note', 'good'];
  return [
    ...endFindings(facts),
    ...scoreFindings(facts),
    ...validationFindings(facts),
    ...speedFindings(facts),
    ...dataFindings(facts),
    ...(facts.run.status?.notes ?? []).map((text): Finding => ({
      tone: 'warn',
      text,
      section: 'steps',
    })),
    ...facts.gaps.map((gap): Finding => {
      return { tone: 'warn', text: `Could not be read from the store: ${gap}`, section: 'lineage' };
    }),
  ].sort((a, b) => order.indexOf(a.tone) - order.indexOf(b.tone));
}

/** What to do about a run that did not complete. */
function endFindings({ run }: RunFacts): Finding[] {
  if (isGoing(run.state) || run.state === 'completed') return [];
  const step = run.status?.steps.find(({ state }) => state === 'failed')?.step.replace('-', ' ');
  return [
    {
      tone: 'bad',
      text:
        `${step === undefined ? 'The run' : `The step “${step}”`} did not end well. When its cause is mended, start the ` +
        'run again with the same input: archives and records that are stored are taken from there.',
      section: 'steps',
    },
  ];
}

function scoreFindings({ evaluation, dataset }: RunFacts): Finding[] {
  if (evaluation === undefined) return [];
  const { images } = evaluation;
  const missed = images.filter(({ confidence }) => confidence === null).length;
  const low = images.filter(({ scores }) => scores.jaccard < JACCARD_THRESHOLD).length;
  const findings: Finding[] = [];
  if (low > 0) {
    const nothing = missed === 0 ? '' : `, among them ${count(missed)} in which nothing was found`;
    findings.push({
      tone: low / images.length > 0.3 ? 'bad' : 'warn',
      text:
        `${count(low)} of ${counted(images.length, 'image')} stay below ${JACCARD_THRESHOLD} and count as ` +
        `zero${nothing}: look at the worst outlines.`,
      section: 'pictures',
    });
  }
  const areas = new Map(dataset?.pairs.map(({ id, lesionShare }) => [id, lesionShare]));
  const thirds = byArea(images, areas);
  const [small, , large] = thirds;
  if (small !== undefined && large !== undefined && large - small > 0.1) {
    findings.push({
      tone: 'warn',
      text:
        `Small lesions come out worse: mean Jaccard ${score(small)} in the third with the smallest, ` +
        `${score(large)} in the third with the largest. A larger image size may help.`,
      section: 'scores',
    });
  }
  return findings;
}

/** Mean Jaccard of the third with the smallest lesions, the middle one and the largest; none of few images. */
function byArea(images: readonly ImageScore[], areas: ReadonlyMap<string, number>): number[] {
  const known = images.filter(({ id }) => areas.has(id));
  if (known.length < 12) return [];
  const rising = [...known].sort((a, b) => (areas.get(a.id) ?? 0) - (areas.get(b.id) ?? 0));
  return [0, 1, 2].map((third) => {
    const [from, to] = [third, third + 1].map((part) => Math.round((part * rising.length) / 3));
    return mean(rising.slice(from, to).map(({ scores }) => scores.jaccard));
  });
}

/** Of the last stage, since each goes on from the one before. */
function validationFindings({ epochs, run }: RunFacts): Finding[] {
  const stage = epochs.at(-1)?.stage;
  const losses = epochs.flatMap(({ epoch, stage: of, validation, training }) =>
    of === stage && validation !== null
      ? [{ epoch, value: validation.total, training: training.total }]
      : [],
  );
  const last = losses.at(-1);
  if (last === undefined || losses.length < 3) return [];
  const best = losses.reduce((a, b) => (b.value < a.value ? b : a));
  const rise = last.value / best.value - 1;
  if (best !== last && rise > 0.05) {
    const keeps = run.request?.training.earlyStopping != null;
    return [
      {
        tone: keeps ? 'note' : 'warn',
        text:
          `Validation loss was lowest after epoch ${best.epoch} and rose by ${percent(rise)} until epoch ` +
          `${last.epoch}: the model began to learn its images by heart. ` +
          (keeps
            ? `Early stopping goes on with epoch ${best.epoch}.`
            : 'training.earlyStopping keeps the best epoch.'),
        section: 'training',
      },
    ];
  }
  const before = losses.at(-1 - Math.ceil(losses.length / 4));
  const isFalling = before !== undefined && last.value < 0.97 * before.value;
  return isFalling && run.state === 'completed'
    ? [
        {
          tone: 'note',
          text: 'Validation loss was still falling when training ended: more epochs may make the model better.',
          section: 'training',
        },
      ]
    : [];
}

/** Above this share of waiting, more data threads are worth a try. */
const MUCH_WAITING = 0.15;

function speedFindings({ curves, epochs }: RunFacts): Finding[] {
  const waits = curves.epochs.flatMap(({ dataWaitShare: share }) =>
    share === undefined ? [] : [share],
  );
  const findings: Finding[] = [];
  if (waits.length > 0 && mean(waits) > MUCH_WAITING) {
    findings.push({
      tone: 'note',
      text:
        `The model waited for data ${percent(mean(waits))} of the time: more data threads ` +
        '(LESIONFLOW_DATA_THREADS) may make training faster.',
      section: 'speed',
    });
  }
  const { stepsRedone, seconds } = lostTime({ curves, epochs });
  if (stepsRedone > 0) {
    findings.push({
      tone: 'note',
      text:
        `${counted(stepsRedone, 'step')} ${stepsRedone === 1 ? 'was' : 'were'} done again after a worker ` +
        `was lost, about ${duration(seconds)} in all. The result is not touched by it.`,
      section: 'speed',
    });
  }
  return [...findings, ...epochs.flatMap(warningsOf)];
}

const warningsOf = ({ epoch, warnings = [] }: EpochResult): Finding[] =>
  warnings.map((warning) => ({
    tone: 'warn',
    text: `Epoch ${epoch}: ${warning}`,
    section: 'training',
  }));

function dataFindings({ dataset }: RunFacts): Finding[] {
  if (dataset === undefined || dataset.quarantined.length === 0) return [];
  const { length: aside } = dataset.quarantined;
  return [
    {
      tone: 'note',
      text:
        `${counted(aside, 'pair')} of ${count(aside + dataset.pairs.length)} ${aside === 1 ? 'was' : 'were'} ` +
        'set aside before training, each with its reason.',
      section: 'quarantined',
    },
  ];
}
