/**
 * A run's page as a reader has it: made from the objects of a real store and opened in a real browser without a network.
 * The pictures are drawn by a program, and the predictions are invented; all else is what the pipeline stores.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { KnownRun } from '../../report/run-page/facts.ts';
import { gatherFacts } from '../../report/run-page/gather-facts.ts';
import { confidenceCurves } from '../../report/run-page/precision-recall.ts';
import { renderRunPage } from '../../report/run-page/render.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import { evaluationManifestSchema } from '../../contracts/manifests.ts';
import { describeWithBrowser, openPage } from '../support/browser.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import {
  HOSTILE,
  LOST,
  prepareRunData,
  publishRun,
  statusOf,
  STEPS_PER_EPOCH,
  storeEvaluation,
  storeEvents,
} from './run-fixture.ts';

const testStore = withTestStore();
const RUN = 'moles-run';
const startedAt = new Date(Date.UTC(2026, 10, 21, 2));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let runs: Readonly<Record<'completed' | 'first' | 'failed', KnownRun>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  const { store } = testStore();
  const data = await prepareRunData(store, { pictures: 30, side: 96 });
  const before = await storeEvaluation(store, { runId: 'before', data, off: 0.12 });
  await publishRun(store, { runId: 'before', folder: folder.path, data, scored: before });
  await storeEvents(store, { runId: RUN, folder: folder.path, count: 10 });
  await storeEvents(store, { runId: 'first', folder: folder.path, count: 0, partOf: 23 });
  const scored = await storeEvaluation(store, { runId: RUN, data, off: 0.04 });
  const published = await publishRun(store, { runId: RUN, folder: folder.path, data, scored });
  const { dataset, split, records, request } = data;
  const common = { startedAt, dataset, split, records, request };
  runs = {
    completed: {
      ...common,
      runId: RUN,
      state: 'completed',
      closedAt: new Date(startedAt.getTime() + 1_860_000),
      status: statusOf({ runId: RUN, at: 'end', state: 'completed', epochs: 10 }),
      evaluation: scored.evaluation,
      published,
    },
    first: {
      ...common,
      runId: 'first',
      state: 'running',
      status: statusOf({ runId: 'first', at: 'train', state: 'running', epochs: 0 }),
      underWay: [
        {
          type: 'trainEpoch',
          attempt: 2,
          lastFailure: `Heartbeat timeout ${HOSTILE}`,
          progress: { done: 23, total: STEPS_PER_EPOCH, unit: 'steps' },
        },
      ],
    },
    failed: {
      runId: 'failed',
      state: 'failed',
      startedAt,
      closedAt: startedAt,
      request,
      failure: `fetchArchive: images.zip answered 404 ${HOSTILE}`,
      status: statusOf({
        runId: 'failed',
        at: 'fetch-images',
        state: 'failed',
        epochs: 0,
        summary: 'fetchArchive: images.zip answered 404',
      }),
    },
  };
});
afterAll(() => folder.remove());

const pageOf = async (name: keyof typeof runs): Promise<string> =>
  renderRunPage(await gatherFacts(testStore().store, runs[name]));

describe('the facts', () => {
  test('of a run are the same when no worker answers for it', async () => {
    const { store } = testStore();
    const asked = await gatherFacts(store, runs.completed);
    const alone = await gatherFacts(store, { ...runs.completed, status: undefined });
    expect(alone.epochs.map(({ epoch }) => epoch)).toEqual(asked.epochs.map(({ epoch }) => epoch));
    const [stored, told] = [alone, asked].map(({ epochs }) => epochs.at(-1));
    expect(stored?.validation?.total).toBeCloseTo(told?.validation?.total ?? 0, 5);
    expect(stored?.training.mrcnnMask).toBeCloseTo(told?.training.mrcnnMask ?? 0, 5);
  });

  test('name what is gone from the store, and go on without it', async () => {
    const { store } = testStore();
    const evaluation = runs.completed.evaluation;
    if (evaluation === undefined) throw new Error('no evaluation');
    const missing = { ...evaluation, key: 'runs/gone/evaluation.json' };
    const facts = await gatherFacts(store, { ...runs.completed, evaluation: missing });
    expect(facts.gaps).toEqual([expect.stringContaining('runs/gone/evaluation.json')]);
    expect(renderRunPage(facts)).toContain('runs/gone/evaluation.json');
  });

  test('compare with who held the alias before, on the same images', async () => {
    const facts = await gatherFacts(testStore().store, runs.completed);
    expect(facts.rival?.version.lineage.runId).toBe('before');
    expect([facts.holder, facts.rival?.isSameSplit]).toEqual([2, true]);
    const ids = (images: readonly { id: string }[] = []) => images.map(({ id }) => id).sort();
    expect(ids(facts.rival?.images)).toEqual(ids(facts.evaluation?.images));
  });
});

test('confidence curves count what is found at each threshold', () => {
  const image = (confidence: number | null, jaccard: number, id = String(jaccard)) => ({
    id,
    confidence,
    scores: { jaccard, thresholdJaccard: 0, dice: 0, sensitivity: 0, specificity: 0, accuracy: 0 },
  });
  const images = [image(0.9, 0.8), image(0.8, 0.3), image(0.7, 0.65), image(null, 0)];
  const [half, challenge, strict] = confidenceCurves(images);
  expect([half, challenge, strict].map((curve) => curve?.threshold)).toEqual([0.5, 0.65, 0.75]);
  // Two of four lesions are found: the first without a mistake, the second after one.
  expect(challenge?.points.at(-1)).toEqual({
    recall: 0.5,
    precision: expect.closeTo(2 / 3, 6) as unknown,
  });
  expect(challenge?.averagePrecision).toBeCloseTo((26 + (25 * 2) / 3) / 101, 6);
  expect(strict?.points.at(-1)?.recall).toBe(0.25);
});

const SCHEMES = ['light', 'dark'] as const;

describeWithBrowser('in a browser without a network', (browser) => {
  async function open(
    name: keyof typeof runs,
    options: { readonly width?: number; readonly colorScheme?: (typeof SCHEMES)[number] } = {},
  ) {
    const { width = 1280, ...context } = options;
    const file = join(folder.path, `${name}.html`);
    await writeFile(file, await pageOf(name));
    const watched = await openPage(browser(), { viewport: { width, height: 900 }, ...context });
    await watched.page.context().setOffline(true);
    await watched.page.goto(pathToFileURL(file).href);
    return watched;
  }

  test('the answer comes first, and every section has what its title says', async () => {
    await using watched = await open('completed');
    const { page } = watched;
    const score = runs.completed.evaluation?.scores.thresholdJaccard ?? 0;
    await expectText(page, 'section[aria-label="The answer"]', [
      score.toFixed(3),
      'Better than the champion before: version 2 is the champion now.',
      'What to look at',
      `${String(LOST.until - LOST.from + 1)} steps were done again`,
      'set aside before training',
    ]);
    const titles = await page.locator('main h2').allTextContents();
    const sections = [
      'Scores',
      'Pictures',
      'Training',
      'Speed',
      'Data',
      'Recipe',
      'Lineage',
      'Steps',
    ];
    expect(titles).toEqual(['What to look at', ...sections]);
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await page.title()).toBe(`${RUN}: completed`);
    await expectText(page, '#lineage', [
      runs.completed.dataset?.hash ?? '',
      runs.completed.published?.version.hash ?? '',
    ]);
    const dead = await page
      .locator('a[href^="#"]')
      .evaluateAll(
        (links) =>
          links.filter((link) => !document.querySelector(link.getAttribute('href') ?? '')).length,
      );
    expect(dead).toBe(0);
  });

  test('the histogram counts every image, on its side of the line at 0.65', async () => {
    await using watched = await open('completed');
    const evaluation = runs.completed.evaluation;
    if (evaluation === undefined) throw new Error('no evaluation');
    const { images } = await readNamedDocument(
      testStore().store,
      evaluation,
      evaluationManifestSchema,
    );
    const chart = watched.page.locator('figure', { hasText: 'How the Jaccard index spreads' });
    expect(await chart.locator('text.mark, .mark text').allTextContents()).toEqual(['0.65']);
    const { line, low, high } = await chart.locator('svg').evaluate((svg) => {
      const bars = (colour: string) =>
        [...svg.querySelectorAll(`g[fill="${colour}"] path, g[fill="${colour}"] rect`)].map(
          (bar) => {
            const { left, right, height } = bar.getBoundingClientRect();
            return { left, right, height };
          },
        );
      const mark = svg.querySelector('.threshold line')?.getBoundingClientRect();
      return { line: mark?.left ?? 0, low: bars('var(--bar-low)'), high: bars('var(--bar)') };
    });
    expect(Math.max(...low.map(({ right }) => right))).toBeLessThanOrEqual(line + 0.5);
    expect(Math.min(...high.map(({ left }) => left))).toBeGreaterThanOrEqual(line - 0.5);
    const sum = (bars: { height: number }[]) => bars.reduce((all, { height }) => all + height, 0);
    const lowShare = images.filter(({ scores }) => scores.jaccard < 0.65).length / images.length;
    expect(sum(low) / (sum(low) + sum(high))).toBeCloseTo(lowShare, 2);
  });

  test('each loss has a dot an epoch and a line through its steps; every picture says what it shows', async () => {
    await using watched = await open('completed');
    const { page } = watched;
    const total = page.locator('figure', { hasText: 'Total loss' }).locator('.broad svg');
    expect(await total.locator('.training circle').count()).toBe(10);
    const line = await total.locator('path').first().getAttribute('d');
    expect(line?.split('L').length).toBe(Math.ceil((10 * STEPS_PER_EPOCH) / 2));
    for (const part of ['Head: mask', 'Region proposals: box', 'Weight penalty (L2)']) {
      const figure = page.locator('figure', { has: page.locator('h3', { hasText: part }) });
      expect(await figure.locator('.training circle').count()).toBe(10);
    }
    const unnamed = await page
      .locator('img, [role=img]')
      .evaluateAll(
        (all) =>
          all.filter(
            (one) => (one.getAttribute('alt') ?? one.getAttribute('aria-label') ?? '').length < 20,
          ).length,
      );
    expect(unnamed).toBe(0);
    const drawn = await page
      .locator('#pictures img')
      .evaluateAll(
        (all) => (all as HTMLImageElement[]).filter((one) => one.naturalWidth > 0).length,
      );
    expect(drawn).toBe(12);
    expect(await page.locator('#data .pictures img').count()).toBeGreaterThan(0);
  });

  test.each(['completed', 'first', 'failed'] as const)(
    'the page of a %s run asks for nothing, complains of nothing, fits a phone, and reads in both lights',
    async (name) => {
      for (const colorScheme of SCHEMES) {
        await using watched = await open(name, { width: 360, colorScheme });
        const { page, requests, complaints } = watched;
        await page
          .locator('details')
          .evaluateAll((all) => all.forEach((one) => one.setAttribute('open', '')));
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
        expect(await faintTexts(page)).toEqual([]);
        expect(await headingLevelsSkipped(page)).toEqual([]);
        // The file itself, and nothing after it.
        expect(requests).toHaveLength(1);
        expect(complaints).toEqual([]);
        expect(await page.title()).toBe(`${runs[name].runId}: ${runs[name].state}`);
      }
    },
  );

  test('in its first epoch it says how far it is and what is to be beaten', async () => {
    await using watched = await open('first');
    const { page } = watched;
    await expectText(page, 'main', [
      'Nothing is scored yet.',
      'Epoch 1 of 10, step 23 of 40',
      'The champion, version 2, has a threshold Jaccard of',
      'is at try 2',
      HOSTILE,
    ]);
    const path = await page.locator('.broad svg path').first().getAttribute('d');
    expect(path?.split('L')).toHaveLength(23);
    expect(await page.locator('.training circle').count()).toBe(0);
    expect(await page.locator('#pictures').count()).toBe(0);
  });

  test('a run that failed says why and where', async () => {
    await using watched = await open('failed');
    await expectText(watched.page, 'section[aria-label="The answer"]', [
      'The run failed before it had a score.',
      `Why it failed fetchArchive: images.zip answered 404 ${HOSTILE}`,
      'The step “fetch images” did not end well.',
    ]);
    await expectText(watched.page, '#steps tr:has-text("fetch images")', ['failed', '404']);
    await expectText(watched.page, '#data', ['The archives are not inspected yet.']);
  });
});

async function expectText(page: Page, selector: string, texts: readonly string[]): Promise<void> {
  const shown = ((await page.locator(selector).first().textContent()) ?? '').replaceAll(
    /\s+/g,
    ' ',
  );
  for (const text of texts) expect(shown).toContain(text);
}

/** Headings that are more than one level below the one before. */
function headingLevelsSkipped(page: Page): Promise<string[]> {
  return page.locator('h1, h2, h3, h4').evaluateAll((headings) => {
    let before = 0;
    return headings.flatMap((heading) => {
      const level = Number(heading.tagName.slice(1));
      const isSkipped = level > before + 1;
      before = level;
      return isSkipped ? [heading.textContent] : [];
    });
  });
}

/**
 * Texts whose contrast is below WCAG's AA (4.5, or 3 where they are large), with the contrast: HTML's by `color`, a chart's
 * by `fill`, against the nearest ground that is not transparent.
 */
function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: string) => {
      const [r = 0, g = 0, b = 0] = channels(colour).map((value) =>
        value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const groundOf = (element: Element): string => {
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if ((channels(colour)[3] ?? 1) === 1) return colour;
      }
      return 'rgb(255, 255, 255)';
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint: string[] = [];
    let seen = 0;
    while (walker.nextNode()) {
      const { textContent: text, parentElement: element } = walker.currentNode;
      if (element === null || (text ?? '').trim() === '' || element.getClientRects().length === 0)
        continue;
      const style = getComputedStyle(element);
      const isSvg = element instanceof SVGElement;
      const [a, b] = [luminance(isSvg ? style.fill : style.color), luminance(groundOf(element))];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (contrast < (isLarge ? 3 : 4.5)) faint.push(`${text ?? ''}: ${contrast.toFixed(2)}`);
      seen++;
    }
    return seen < 20 ? ['no texts were found'] : faint;
  });
}
