import { spawnSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

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
