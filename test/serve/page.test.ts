/** The page in a real browser, before a real server with a real model: a picture in, its outline and mask out. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { predictionSchema } from '../../serve/api.ts';
import { describeWithBrowser, openPage } from '../support/browser.ts';
import { faintTexts } from '../support/contrast.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { jpegOf } from './support/pictures.ts';
import { publishChampion } from './support/publish.ts';
import { isReady, startTestServer, until, type TestServer } from './support/running-server.ts';
import { sureConfig, writeSureModel } from './support/sure-model.ts';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

describeWithBrowser('the page', (browser) => {
  const testStore = withTestStore();
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: TestServer;
  const file = async (width: number, height: number, orientation = 1) => ({
    name: 'arm left.jpg',
    mimeType: 'image/jpeg',
    buffer: Buffer.from(await jpegOf(width, height, orientation)),
  });
  const choose = async (page: Page, ...size: Parameters<typeof file>) => {
    await page.setInputFiles('#file', await file(...size));
    await page.getByRole('heading', { name: /found|did not work/ }).waitFor();
  };

  beforeAll(async () => {
    folder = await temporaryFolder();
    server = await startTestServer({
      store: testStore().store,
      model: 'lesion',
      cacheFolder: join(folder.path, 'cache'),
      maxBytes: 200_000,
    });
  });
  afterAll(async () => {
    await server.running.close();
    await folder.remove();
  });

  test('says what to do while there is no model, and goes on by itself when there is one', async () => {
    await using opened = await openPage(browser());
    const { page } = opened;
    await page.goto(server.url);
    await page.getByText('train and publish one first').waitFor();
    expect(await page.getByText('Choose a picture').isVisible()).toBe(false);

    const config = sureConfig();
    const weightsPath = join(folder.path, 'weights.h5');
    await writeSureModel(weightsPath, { config, confidence: 0.9 });
    const { store } = testStore();
    const publication = { config, weightsPath, score: 0.8, folder: folder.path };
    await publishChampion(store, { model: 'lesion', ...publication });
    await page.getByText('Choose a picture').waitFor({ timeout: 200_000 });
    await page.getByText('lesion, version 1 · Jaccard 0.70').waitFor();
    await until(isReady(server, 1));
  });

  test('shows the outline of a dropped picture where the answer has it, and gives the very mask', async () => {
    await using opened = await openPage(browser());
    const { page, requests, complaints } = opened;
    await page.goto(server.url);
    await page.getByText('Choose a picture').waitFor();
    const answered = page.waitForResponse(/predictions/);
    await drop(page, await file(120, 90));
    const answer = predictionSchema.parse(await (await answered).json());
    await page.getByRole('heading', { name: /found/ }).waitFor();

    const count = answer.instances.length;
    expect(count).toBeGreaterThan(0);
    expect(await page.locator('.instance').count()).toBe(count);
    const first = page.locator('.instance').first();
    const shown = await first.innerText();
    expect(shown).toContain('90 %');
    expect(shown).toContain(`${(answer.instances[0]?.areaPercent ?? NaN).toFixed(1)} %`);
    await expectOverlay(page, answer);

    const [download] = await Promise.all([
      page.waitForEvent('download'),
      first.getByRole('link').click(),
    ]);
    expect(download.suggestedFilename()).toBe(
      count > 1 ? 'arm left-mask-1.png' : 'arm left-mask.png',
    );
    const mask = await readFile(await download.path());
    const expected = answer.instances[0]?.mask;
    expect(expected?.format === 'png' && Buffer.from(expected.data, 'base64').equals(mask)).toBe(
      true,
    );
    expect(await sharp(mask).metadata()).toMatchObject({ width: 120, height: 90 });

    // Nothing of another place, and nothing that its own policy forbids.
    expect(requests.filter((url) => !/^(blob:)?http:\/\/127\.0\.0\.1:/.test(url))).toEqual([]);
    expect(complaints).toEqual([]);
    expect(server.log.join('')).not.toContain('arm left');
  });

  test('shows a picture that the camera turned upright, with the outline on it', async () => {
    await using opened = await openPage(browser());
    const { page } = opened;
    await page.goto(server.url);
    await page.getByText('Choose a picture').waitFor();
    const answered = page.waitForResponse(/predictions/);
    await choose(page, 160, 80, 6);
    const answer = predictionSchema.parse(await (await answered).json());
    expect(answer.image).toEqual({ width: 80, height: 160 });
    await expectOverlay(page, answer);
    const { width, height } = await boxOf(page.locator('#picture'));
    expect(height / width).toBeCloseTo(2, 1);
  });

  test('hides what is below the slider, by keyboard, and brings it back', async () => {
    await using opened = await openPage(browser());
    const { page } = opened;
    await page.goto(server.url);
    await page.getByText('Choose a picture').waitFor();
    await choose(page, 120, 90);
    await page.getByLabel('Show from a confidence of').focus();
    await page.keyboard.press('End');
    await page.getByRole('heading', { name: 'Nothing found' }).waitFor();
    expect(await page.locator('#overlay path').count()).toBe(0);
    await page.keyboard.press('Home');
    await page.getByRole('heading', { name: /lesions? found/ }).waitFor();
    expect(await page.locator('#overlay path').count()).toBeGreaterThan(0);
    await page.getByLabel('Show the outline').uncheck();
    expect(await page.locator('#overlay').isVisible()).toBe(false);
  });

  test('takes a pasted picture, and says in the words of the server why it refuses another file', async () => {
    await using opened = await openPage(browser());
    const { page } = opened;
    await page.goto(server.url);
    await page.getByText('Choose a picture').waitFor();
    await paste(page, await file(100, 100));
    await page.getByRole('heading', { name: /found/ }).waitFor();

    const text = { name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('text') };
    await page.setInputFiles('#file', text);
    await refusal(page, 'The file is neither JPEG nor PNG');
    expect(await page.locator('#picture').isVisible()).toBe(false);
    const large = { ...text, buffer: Buffer.alloc(200_001) };
    await page.setInputFiles('#file', large);
    await refusal(page, 'The picture has more than 0.2 MB');
  });

  test('offers another try when the server is busy, and the try succeeds', async () => {
    await using opened = await openPage(browser());
    const { page } = opened;
    await page.goto(server.url);
    await page.getByText('Choose a picture').waitFor();
    await page.route(
      '**/predictions*',
      (route) => route.fulfill({ status: 503, json: { detail: 'Too many pictures.' } }),
      { times: 1 },
    );
    await choose(page, 120, 90);
    await refusal(page, 'Too many pictures.');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('heading', { name: /lesions? found/ }).waitFor();
  });

  test('can be worked by keyboard alone, and tells a screen reader what happens', async () => {
    await using opened = await openPage(browser());
    const { page } = opened;
    await page.goto(server.url);
    await page.getByText('Choose a picture').waitFor();
    const chooser = page.waitForEvent('filechooser');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await (await chooser).setFiles(await file(120, 90));
    await page
      .getByRole('status')
      .filter({ hasText: /lesions? found/ })
      .waitFor({ state: 'attached' });
    expect(await page.getByRole('img', { name: /Your picture; .*found/ }).isVisible()).toBe(true);
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
  });

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test.each([
      ['a desk', {}],
      ['a phone', PHONE],
    ])(
      'is readable on %s, before and after a picture, and never wider than the screen',
      async (_, device) => {
        await using opened = await openPage(browser(), { colorScheme, ...device });
        const { page } = opened;
        await page.goto(server.url);
        await page.getByText('Choose a picture').waitFor();
        const expectReadable = async (texts: number) => {
          const { faint, seen } = await faintTexts(page);
          expect([faint, seen >= texts]).toEqual([[], true]);
          const [content, screen] = await page.evaluate((): [number, number] => [
            document.documentElement.scrollWidth,
            window.innerWidth,
          ]);
          expect(content).toBeLessThanOrEqual(screen);
        };
        await expectReadable(10);
        await choose(page, 120, 90);
        await expectReadable(20);
      },
    );
  });
});

/** The outline's pieces lie on the picture where the answer has their boxes, to two pixels of the screen. */
async function expectOverlay(
  page: Page,
  {
    image,
    instances,
  }: { image: { width: number; height: number }; instances: readonly { box: BoxInPixels }[] },
): Promise<void> {
  const picture = await boxOf(page.locator('#picture'));
  const scale = picture.width / image.width;
  expect(picture.height / image.height / scale).toBeCloseTo(1, 1);
  const lines = page.locator('#overlay path.line');
  expect(await lines.count()).toBe(instances.length);
  for (const [index, { box }] of instances.entries()) {
    const drawn = await boxOf(lines.nth(index));
    const expected = {
      x: picture.x + box.x * scale,
      y: picture.y + box.y * scale,
      width: box.width * scale,
      height: box.height * scale,
    };
    for (const side of ['x', 'y', 'width', 'height'] as const) {
      expect([side, Math.abs(drawn[side] - expected[side]) < 4]).toEqual([side, true]);
    }
  }
}

const refusal = (page: Page, text: string) =>
  page.locator('#failed-detail').filter({ hasText: text }).waitFor();

interface BoxInPixels {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

async function boxOf(locator: Locator): Promise<BoxInPixels> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('It is not on the page.');
  return box;
}

interface GivenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const drop = (page: Page, file: GivenFile) => give(page, file, 'drop');
const paste = (page: Page, file: GivenFile) => give(page, file, 'paste');

/** As the browser does when somebody lets go of a file over the page, or pastes one. */
function give(
  page: Page,
  { name, mimeType, buffer }: GivenFile,
  how: 'drop' | 'paste',
): Promise<void> {
  const given = { name, mimeType, base64: buffer.toString('base64'), how };
  return page.evaluate((file) => {
    const bytes = Uint8Array.from(atob(file.base64), (char) => char.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], file.name, { type: file.mimeType }));
    const options = { bubbles: true, cancelable: true };
    document.body.dispatchEvent(
      file.how === 'drop'
        ? new DragEvent('drop', { ...options, dataTransfer: transfer })
        : new ClipboardEvent('paste', { ...options, clipboardData: transfer }),
    );
  }, given);
}
