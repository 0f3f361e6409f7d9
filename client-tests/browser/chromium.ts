import { spawnSync } from 'node:child_process';
import { type Browser, chromium, type Page } from 'playwright-core';

/** Where the browser is that Debian calls `chromium`; undefined where there is none, and one line says so. */
export function findChromium(): string | undefined {
  const path = spawnSync('which', ['chromium'], { encoding: 'utf8' }).stdout?.trim();
  if (!path) console.log('browser tests are left out: there is no chromium');
  return path || undefined;
}

/** Opens a headless browser that asks nobody on the internet for anything. */
export const openBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });

/** What a page asks for from now on, and what goes wrong in it. */
export function watchPage(page: Page): { readonly asked: readonly string[]; readonly failed: readonly string[] } {
  const asked: string[] = [];
  const failed: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('requestfailed', (request) => failed.push(request.url()));
  page.on('response', (response) => response.status() >= 400 && failed.push(`${response.status()} ${response.url()}`));
  page.on('pageerror', (error) => failed.push(error.message));
  return { asked, failed };
}
