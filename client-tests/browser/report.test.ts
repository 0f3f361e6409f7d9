import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { randomSequence } from '../../server/random.ts';
import { HardenedClient } from '../typescript/reference/hardened-client.ts';
import { NaiveClient } from '../typescript/reference/naive-client.ts';
import { openFolder } from '../typescript/support/command-line.ts';
import { findChromium, openBrowser, watchPage } from './chromium.ts';

const chromium = findChromium() ?? '';

test.runIf(chromium)(
  'the HTML report is one page that needs nothing else, with a line for each connection',
  async () => {
    await using server = await startMockServer({
      clock: 'manual',
      seed: 7,
      scenario: {
        name: 'cut polls',
        faults: [
          {
            name: 'cut',
            on: 'request',
            match: { method: 'GET' },
            when: { every: 3, times: 4 },
            inject: [{ end: { at: { bodyBytes: 40 } } }],
          },
        ],
        expect: ['backoff', 'connection-reuse', 'no-duplicate-creates', 'tasks-settled'],
      },
    });
    const setting = {
      url: server.url,
      ca: server.ca,
      now: () => server.clock.now(),
      sleep: (ms: number) => server.clock.advance(ms),
      after: (ms: number, run: () => void) => server.clock.after(ms, run),
      random: randomSequence(7, 'c'),
    };
    const hardened = new HardenedClient({ ...setting, userAgent: 'hardened/1' });
    await hardened.makeVideo();
    await hardened.idle(12_000);
    await hardened.close();
    await new NaiveClient({ ...setting, userAgent: 'naive/<1>' }).makeVideo();

    await using folder = await openFolder();
    const html = await (await fetch(`${server.adminUrl}/report?format=html`)).text();
    await writeFile(folder.at('report.html'), html);
    const browser = await openBrowser(chromium);
    try {
      const page = await browser.newPage();
      const { asked, failed } = watchPage(page);
      await page.goto(pathToFileURL(folder.at('report.html')).href);

      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('fail cut polls seed 7');
      expect(await page.locator('td.outcome').allTextContents()).toEqual(['FAIL', 'FAIL', 'pass', 'pass']);
      // What a client calls itself is text, never markup.
      expect(await page.getByText('naive/<1> + print-').count()).toBeGreaterThan(0);
      const connections = server.journal.events('connection.opened').length;
      expect(await page.locator('svg line').count()).toBe(connections);
      expect(await page.locator('svg rect').count()).toBe(server.journal.events('request.received').length);
      expect(await page.locator('svg text.reset').count()).toBe(4);
      expect(await page.locator('svg text.heartbeat').count()).toBe(server.journal.events('heartbeat').length);
      expect(await page.locator('svg text.retry').count()).toBeGreaterThan(0);
      expect([failed, asked.length]).toEqual([[], 1]);
      const { SEEDANCE_SCREENSHOTS: shots } = process.env;
      if (shots) await page.screenshot({ path: `${shots}/report.png`, fullPage: true });
    } finally {
      await browser.close();
    }
  },
);
