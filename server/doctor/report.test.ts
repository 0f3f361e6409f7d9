import { expect, test } from 'vitest';
import { COLUMNS } from '../verdict/reports/text.ts';
import type { DoctorReport } from './examine.ts';
import { renderDoctorReport } from './report.ts';

const report: DoctorReport = {
  version: 1,
  outcome: 'fail',
  target: 'mock.test:8443',
  examinations: [
    { name: 'tcp', outcome: 'ok', seen: 'mock.test:8443 takes connections' },
    { name: 'trust-curl', outcome: 'warn', seen: 'curl does not', remedy: 'Tell it.' },
    {
      name: 'reset',
      outcome: 'fail',
      seen: 'a reset arrives as a FIN: the server sent the one, and the other came, which is more than a line can hold',
      remedy: `Use the host network, ${'or something else, '.repeat(6)}or nothing.`,
    },
  ],
};

test('names stand in a column, what is long is broken, and each remedy stands under its finding', () => {
  expect(renderDoctorReport(report)).toBe(`mock.test:8443

ok   tcp         mock.test:8443 takes connections
warn trust-curl  curl does not
                 -> Tell it.
FAIL reset       a reset arrives as a FIN: the server sent the one, and the other came, which is
                 more than a line can hold
                 -> Use the host network, or something else, or something else, or something else,
                    or something else, or something else, or something else, or nothing.

FAIL: 1 ok, 1 to look at, 1 failed
`);
  for (const line of renderDoctorReport(report).split('\n')) expect(line.length).toBeLessThanOrEqual(COLUMNS);
});

test('colours are for terminals, and change nothing else', () => {
  const coloured = renderDoctorReport(report, { colours: true });
  expect(coloured).toContain('\u001b[32mok  \u001b[39m tcp');
  expect(coloured).toContain('\u001b[31mFAIL\u001b[39m: 1 ok');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
  expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(renderDoctorReport(report));
});
