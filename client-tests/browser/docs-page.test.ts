import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { findChromium, openBrowser, watchPage } from './chromium.ts';

const chromium = findChromium() ?? '';

test.runIf(chromium)('/docs shows both APIs, and loads nothing from elsewhere', async () => {
  await using server = await startMockServer();
  const browser = await openBrowser(chromium);
  try {
    const page = await browser.newPage();
    const { asked, failed } = watchPage(page);

    await page.goto(`${server.adminUrl}/docs`);
    await page.getByText('Creates a task.').waitFor();
    await page.getByText('Cancels a task that is queued, removes one that is over.').waitFor();
    await page.getByLabel('Select a definition').selectOption('The admin API');
    await page.getByText('Takes another scenario into force; connections and tasks stay, and the clock').waitFor();

    expect(failed).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(server.adminUrl) && !url.startsWith('data:'))).toEqual([]);
    if (process.env.SEEDANCE_SCREENSHOTS)
      await page.screenshot({ path: `${process.env.SEEDANCE_SCREENSHOTS}/docs.png` });
  } finally {
    await browser.close();
  }
});
