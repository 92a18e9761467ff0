/**
 * A real browser for tests of pages: Debian's Chromium, or the one that `CHROMIUM` names, driven by playwright-core.
 * Where there is none those tests are skipped and say so; `.ci/run` installs it where it may.
 */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** It asks nobody for anything by itself, so that a test sees the page's requests alone. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `describe` with a browser (from `beforeAll` on) where there is one; otherwise one skipped test that says so. */
export function describeWithBrowser(title: string, block: (browser: () => Browser) => void): void {
  if (!existsSync(EXECUTABLE)) {
    it.skip(`${title}: ${EXECUTABLE} is not on this machine (apt-get install chromium)`, () =>
      undefined);
    return;
  }
  describe(title, () => {
    let running: Browser | undefined;
    beforeAll(async () => {
      running = await chromium.launch({ executablePath: EXECUTABLE, headless: true, args: FLAGS });
    });
    afterAll(async () => {
      await running?.close();
    });
    block(() => {
      if (!running) throw new Error('The browser runs only from beforeAll to afterAll.');
      return running;
    });
  });
}

/** What a page asked for and complained about, beside the page itself. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  /** URLs, the navigation's own among them; `data:` URLs are no requests. */
  readonly requests: readonly string[];
  /** Errors and warnings on the console, and errors that nobody caught. */
  readonly complaints: readonly string[];
}

/** A page in a context of its own, with nothing loaded yet. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  return { page, requests, complaints, [Symbol.asyncDispose]: () => context.close() };
}
