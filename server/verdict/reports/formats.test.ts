import { expect, test } from 'vitest';
import { judge } from '../judge.ts';
import { findCheck } from '../table.ts';
import { answers, asks, creates, ends, looks, moves, opens, type Step, tell } from '../testing.ts';
import type { VerdictReport } from '../verdict.ts';
import { type ReportFormat, reportFormatNames, reportFormats } from './formats.ts';

/** One of two tasks is followed, the other dropped; a fault struck twice, another never, and a connection was left waiting. */
const story: readonly Step[] = [
  [0, { type: 'fault.armed', fault: 'late', hook: 'task', did: 'strikes every 9th task: fail it' }],
  ...opens(0, 1),
  asks(1, 1, 1),
  [2, { type: 'fault.injected', fault: 'slow', hook: 'request', ordinal: 1, did: 'x', connection: 1, request: 1 }],
  [3, { type: 'fault.injected', fault: 'slow', hook: 'request', ordinal: 2, did: 'x', connection: 1, request: 2 }],
  answers(4, 1, 1),
  creates(5, 'cgt-1'),
  creates(5, 'cgt-2'),
  moves(6, 'cgt-1', 'succeeded'),
  [7, { type: 'task.dropped', task: 'cgt-2', tries: 1 }],
  ...looks(8, '/cgt-1'),
  [9, { type: 'connection.hung', connection: 2, by: 'fault' }],
  ends(9_000, 1),
];

const reportOf = (...names: readonly string[]): VerdictReport => {
  const expect = names.flatMap((name) => findCheck(name)?.bind(findCheck(name)?.params.parse({})) ?? []);
  return judge(tell(story), { scenario: 'story', seed: 1, expect }).report;
};

/** What a reader sees: without markup, and without line breaks. */
async function readerOf(format: ReportFormat, report: VerdictReport): Promise<string> {
  const text = await reportFormats[format].render({ report, events: [] });
  return text.replaceAll('&quot;', '"').replaceAll('\\"', '"').replace(/\s+/g, ' ');
}

test.each(reportFormatNames)('%s says what a pass means', async (format) => {
  const report = reportOf('alpn-offered', 'tasks-settled');
  expect(await readerOf(format, report)).toContain(report.means);
});

test('a pass means what the checks that passed expect, under what struck', () => {
  expect(reportOf('alpn-offered', 'creates-accounted').means).toBe(
    'PASS means only: the client did what these checks expect (ALPN with h2 in every ClientHello), ' +
      'while "slow" struck 2 times, "late" never struck.',
  );
  expect(reportOf('tasks-settled').means).toBe('PASS means only: nothing in this report, for no check passed.');
});

test.each(['text', 'html', 'junit'] as const)(
  '%s says what struck, what never did, what looked like a reset, and how many tasks succeeded',
  async (format) => {
    const text = await readerOf(format, reportOf('alpn-offered'));
    for (const line of [
      '"slow" struck 2 times',
      '"late" never struck: it strikes every 9th task: fail it; 2 tasks came',
      '50 % of the 2 tasks that have come to an end succeeded (1 dropped)',
      'a client may call these a reset, and the service sent none: 1 connection accepted and left unanswered',
    ])
      expect(text).toContain(line);
  },
);

test.each(['text', 'html', 'junit'] as const)(
  '%s says how to learn more where a check is inconclusive',
  async (format) => {
    const check = findCheck('alpn-offered') ?? expect.fail();
    const { report } = judge(tell([]), { scenario: 'story', seed: 1, expect: [check.bind(check.params.parse({}))] });
    const text = await readerOf(format, report);
    expect(text).toContain('no client connected');
    expect(text).toContain('Point the client at the mock');
  },
);

test('json is what JSON.stringify writes', async () => {
  for (const names of [[], ['alpn-offered', 'tasks-settled']]) {
    const report = reportOf(...names);
    // So many clients are written in several turns.
    const many = { ...report, clients: Array.from({ length: 5_000 }, () => report.clients[0] ?? expect.fail()) };
    for (const one of [report, many])
      expect(await reportFormats.json.render({ report: one, events: [] })).toBe(`${JSON.stringify(one, null, 2)}\n`);
  }
});

test('json has them as data', async () => {
  const report: VerdictReport = JSON.parse(
    await reportFormats.json.render({ report: reportOf('alpn-offered'), events: [] }),
  );
  expect(report).toMatchObject({
    faults: { slow: 2 },
    neverStruck: [{ fault: 'late', reason: 'strikes every 9th task: fail it; 2 tasks came' }],
    lookAlikes: { unserved: 1 },
    tasks: { created: 2, succeeded: 1, failed: 0, expired: 0, dropped: 1, successRate: 0.5 },
  });
});

test.each(reportFormatNames.filter((format) => format !== 'json' && format !== 'junit'))(
  '%s says what may help a client that asked for nothing',
  async (format) => {
    const idle = [...opens(0, 1), ends(10, 1)];
    const report = judge(tell(idle), { scenario: 'story', seed: 1, expect: [] }).report;
    expect(await readerOf(format, report)).toContain('A client that does not trust the certificate looks like that');
    expect(await readerOf(format, reportOf('alpn-offered'))).not.toContain('certificate');
  },
);

test.each(reportFormatNames.filter((format) => format !== 'json'))('%s names first who failed', async (format) => {
  const check = findCheck('tasks-settled') ?? expect.fail();
  const alpn = findCheck('alpn-offered') ?? expect.fail();
  const steps = [
    ...opens(0, 1, { userAgent: 'good/1' }),
    asks(1, 1, 1),
    ...opens(0, 2, { userAgent: 'bad/1', alpn: ['http/1.1'] }),
    asks(1, 2, 1),
  ];
  const expected = [check, alpn].map((one) => one.bind(one.params.parse({})));
  const { report } = judge(tell(steps), { scenario: 'story', seed: 1, expect: expected });
  const { clients = [] } = report.checks.find((one) => one.check === 'alpn-offered') ?? {};
  expect(clients.map(({ outcome }) => outcome)).toEqual(['pass', 'fail']);
  const text = await readerOf(format, report);
  const [failed = '', passed = ''] = clients.toReversed().map(({ seen }) => seen);
  expect(text).toContain(failed);
  expect(text.indexOf(failed)).toBeLessThan(text.indexOf(passed));
});

test.each(reportFormatNames.filter((format) => format !== 'json'))(
  '%s names a hundred of a thousand clients, and counts the others',
  async (format) => {
    const alpn = findCheck('alpn-offered') ?? expect.fail();
    const steps = Array.from({ length: 1_000 }, (_, n) =>
      opens(0, n + 1, { userAgent: `tea/${n}`, alpn: n < 850 ? ['h2'] : ['http/1.1'] }),
    ).flat();
    const { report } = judge(tell(steps, 10_000), {
      ...{ scenario: 'story', seed: 1 },
      expect: [alpn.bind(alpn.params.parse({}))],
    });
    const text = await readerOf(format, report);
    expect(text).toContain('and 900 more clients, which the JSON report names: 50 fail, 850 pass');
    expect(text.length).toBeLessThan(60_000);
  },
);
