import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { runExplain } from './commands/explain.ts';
import { renderInternalError } from './commands/internal-error.ts';
import { renderColumns } from './commands/output.ts';
import { runReport } from './commands/report.ts';
import { captureOutput } from './commands/testing.ts';
import { runValidate } from './commands/validate.ts';
import type { DoctorReport } from './doctor/examine.ts';
import { renderDoctorReport } from './doctor/report.ts';
import { problem, renderProblem } from './errors.ts';
import { type EventType, Journal, type JournalEntry } from './journal.ts';
import { Lane } from './lane.ts';
import { type LogFormat, logJournal } from './log.ts';
import { printableLine } from './printable.ts';
import { Recording } from './recording/recording.ts';
import { retry } from './recording/retrial.ts';
import { loadScenario } from './scenario/load.ts';
import { resetFidelities } from './verdict/bench.ts';
import { reportFormats } from './verdict/reports/formats.ts';
import { renderTextReport } from './verdict/reports/text.ts';
import { checks } from './verdict/table.ts';
import { Verdict, type VerdictReport } from './verdict/verdict.ts';

// Clients, upstreams and scenario files choose some of the text that we print. For each such text we
// print the same as for a text that has escapes in place of its unprintable characters.

/** What could hurt a terminal, a line of a log, XML or HTML. */
const parts = [
  ...['\u001b[2J', '\u001b]0;x\u0007', '\u009b31m', '\u0085', '\0', '\b', '\t', '\n', '\v', '\f', '\r', '\u007f'],
  ...['\u2028', '\u2029', '\u202e', '\u2066', '\u200f', '\ud800', '\udfff', '\ufffe', '\uffff'],
  ...[
    '\nERROR: BUG, please report: x',
    '\n    at x (y:1:1)',
    '</title><script>',
    '"',
    '&',
    "'",
    ']]>',
    '\\',
    '%s',
    'ü',
  ],
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: 'binary' })), { minLength: 1 })
  .map((found) => found.join(''))
  .filter((text) => text !== '');

const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\ufffe\uffff]/u;
const unprintable = (text: string) => text.split('\n').filter((line) => UNPRINTABLE.test(line));

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fuzzing = { seed: 20_261_122, numRuns: 40 };

async function expectPrintable(print: (text: string) => string | Promise<string>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      const printed = await print(text);
      expect(unprintable(printed)).toEqual([]);
      expect(printed).toBe(await print(printableLine(text)));
    }),
    fuzzing,
  );
}

/** A copy of a value with a text in place of every other, but for those under some keys. */
function fill(value: unknown, text: string, kept: readonly string[] = []): unknown {
  if (typeof value === 'string') return text;
  if (Array.isArray(value)) return value.map((one) => fill(one, text, kept));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, kept.includes(key) ? one : fill(one, text, kept)]),
  );
}

const end = { by: 'client', how: 'reset', cause: 'x' } as const;
const call = { request: 1, stream: 1, method: 'x', path: 'x', traceparent: 'x', asyncTraceId: 'x' };
const news = { task: 'x', status: 'x', url: 'x', bizId: 'x', opType: 'x', version: 1, attempt: 1 };
const letter = { ...news, letter: 'x', class: 'x' };
const where = { connection: 1, request: 1, stream: 1 };

/** An event of each type, with every text that it can hold. */
const events: { readonly [T in EventType]: Omit<Extract<JournalEntry, { type: T }>, 'type'> } = {
  'connection.opened': { connection: 1, remote: 'x' },
  'connection.hello': { connection: 1, alpn: ['x'], ja4: 'x', print: 'x', serverName: 'x' },
  'connection.identified': { connection: 1, client: 'x', by: 'x', userAgent: 'x', account: 'x' },
  'connection.secured': { connection: 1, protocol: 'h2', tls: 'x', cipher: 'x' },
  'connection.ended': {
    ...{ connection: 1, remote: 'x', ...end, code: 'x', explanation: 'x', idleMs: 1, ageMs: 1 },
    requests: [call],
  },
  'connection.handed-over': { connection: 1, to: 'x' },
  'connection.queued': { connection: 1, place: 1, ...end },
  'connection.released': { connection: 1, waitedMs: 1 },
  'connection.hung': { connection: 1, ...end },
  'connection.frozen': { connection: 1, forMs: 1, ...end },
  'certificate.shown': { connection: 1, certificate: 'x' },
  'connection.half-closed': { connection: 1, afterBytes: 1, ...end },
  'request.received': { connection: 1, client: 'x', ...call, idempotencyKey: 'x', clientRequestId: 'x' },
  'request.body': { ...where, bytes: 1, digest: 'x' },
  'response.sent': { ...where, method: 'x', path: 'x', status: 200, bytes: 1, ms: 1, retryAfterUnreadable: 'x' },
  'response.abandoned': { ...where, ...end, bytes: 1 },
  'upstream.failed': { ...where, error: 'x', reason: 'x' },
  heartbeat: { connection: 1, source: 'header', ageMs: 1, judgedBy: 'arrival', unreadable: 'x' },
  'goaway.sent': { connection: 1, code: 0 },
  'goaway.received': { connection: 1, code: 0, lastStreamId: 1 },
  'stream.late': { connection: 1, stream: 1 },
  'stream.reset': { ...where, code: 0 },
  'frame.tampered': { connection: 1, stream: 1, cause: 'x', direction: 'to-client', frame: 'x', did: 'x' },
  'rule.applied': { rule: 'x', connection: 1, did: 'x', line: 'x' },
  'fault.injected': { fault: 'x', hook: 'x', ordinal: 1, did: 'x', ...where, task: 'x' },
  'dns.query': {
    ...{ remote: 'x', transport: 'udp', name: 'x', record: 'x', rcode: 'x' },
    ...{ answers: ['x'], truncated: false, ms: 1 },
  },
  'limit.reached': { limit: 'x', account: 'x', model: 'x', used: 1, allowed: 1 },
  'task.created': { task: 'x', model: 'x' },
  'task.changed': { task: 'x', from: 'x', to: 'x' },
  'task.dropped': { task: 'x', tries: 1 },
  'task.retried': { task: 'x', tries: 1 },
  'task.moved': { task: 'x' },
  'task.deleted': { task: 'x' },
  'task.regressed': { task: 'x', from: 'x', to: 'x' },
  'workers.lost': { lost: 1, of: 2, tasks: ['x'] },
  'workers.back': { back: 1 },
  'callback.accepted': { class: 'x', ...news },
  'callback.held': { receiver: 'x', place: 1, ...news },
  'callback.sent': news,
  'callback.answered': { code: 200, ms: 1, ...news },
  'callback.failed': { reason: 'x', ms: 1, ...news },
  'receiver.paused': { receiver: 'x', timeouts: 1, pauseMs: 1 },
  'receiver.resumed': { receiver: 'x', outMs: 1, held: 1 },
  'dead-letter.archived': { attempts: 1, reason: 'x', bytes: 1, compressed: false, ...letter },
  'dead-letter.replayed': letter,
  'dead-letter.expired': letter,
  'dead-letter.displaced': { limit: 1, ...letter },
  'dead-letter.deleted': letter,
  'scenario.loaded': {
    ...{ name: 'x', seed: 1, faults: 1, warnings: ['x'] },
    armed: [{ fault: 'x', hook: 'x', did: 'x' }],
  },
  'scenario.refused': { from: 'x', stays: 'x', problems: [problem('YAML_SYNTAX', { reason: 'x' })] },
  'listener.closed': { cause: 'x' },
  'listener.opened': {},
  'listener.full': { port: 1, connections: 1, descriptors: 1 },
  'listener.relieved': { port: 1, dropped: 1 },
  'recording.failed': { lane: 'x', folder: 'x', reason: 'x' },
  'recording.lost': {
    ...{ lane: 'x', folder: 'x', events: 1 },
    ...{ firstSeq: 1, lastSeq: 1, firstAt: 1, lastAt: 1 },
  },
  'keylog.failed': { file: 'x', reason: 'x' },
  'fault.armed': { fault: 'x', hook: 'x', did: 'x' },
  'fault.disarmed': { fault: 'x' },
  'command.ended': { copy: 'x', how: 'x', code: 1 },
  'lane.reset': {},
  'lane.opened': { lane: 'x', scenario: 'x', seed: 1 },
  'lane.closed': { lane: 'x' },
  'clock.changed': { mode: 'real', speed: 1 },
  'clock.advanced': { ms: 1 },
  'export.failed': { to: 'x', signal: 'logs', reason: 'x' },
  'export.lost': { to: 'x', signal: 'logs', events: 1 },
  bug: { message: 'x', stack: 'x' },
};
const entries = (text: string) =>
  Object.entries(events).map(([type, event]) => ({ ...(fill(event, text) as object), type }) as JournalEntry);

async function logOf(entry: JournalEntry, format: LogFormat): Promise<string> {
  const journal = new Journal(() => 0);
  const written: string[] = [];
  await logJournal(journal, format, { write: (line) => written.push(line) });
  journal.append(entry);
  // The logger's own colours, where the terminal of the tests shows some.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
  return written.join('').replaceAll(/\u001b\[\d+m/g, '');
}

describe.each(Object.keys(events))('a hostile text in %s', (type) => {
  const entryOf = (text: string) => entries(text).find((entry) => entry.type === type) ?? expect.fail();

  test('is printable in the log, on one line', async () => {
    await expectPrintable((text) => logOf(entryOf(text), 'pretty'));
    expect((await logOf(entryOf('a\nb'), 'pretty')).split('\n').length).toBeLessThanOrEqual(2);
  });

  test('is unchanged in the JSON log', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const line = await logOf(entryOf(text), 'json');
        if (line === '') return;
        expect(unprintable(line)).toEqual([]);
        expect(JSON.parse(line)).toMatchObject(fill(events[type as EventType], text) as object);
      }),
      fuzzing,
    );
  });
});

const client = { name: 'x', address: 'x', ja4: 'x', userAgent: 'x', connections: 1, requests: 0, calls: 1, resets: 1 };
const found = { client: 'x', seen: 'x', finding: 'x', hint: 'x', events: [1], eventCount: 1 };
const outcomes = ['fail', 'inconclusive', 'pass'] as const;
const verdict: VerdictReport = {
  ...{ version: 1, scenario: 'x', seed: 1, outcome: 'fail', events: 1, missed: 1 },
  checks: outcomes.map((outcome) => ({
    ...{ check: 'x', expected: 'x', outcome, doubt: 'x' },
    clients: [
      { ...found, outcome },
      { ...found, outcome },
    ],
  })),
  clients: [{ ...client, rules: { alpn: 1 } }],
  faults: {},
  neverStruck: [{ fault: 'x', reason: 'x' }],
  lookAlikes: { left: 1 },
  tasks: { created: 1, succeeded: 1, failed: 0, expired: 0, dropped: 0, successRate: 1 },
  means: 'x',
};

/** A verdict on clients, by checks and under faults that are called so. */
function verdictOf(text: string): VerdictReport {
  const filled = fill(verdict, text, ['outcome', 'rules']) as VerdictReport;
  return { ...filled, faults: { [text]: 1 } };
}

/** A journal of two requests for each event, so that one is marked as a retry. */
const journalOf = (text: string) =>
  [...entries(text), ...entries(text)].map((entry, index) => ({ ...entry, seq: index + 1, at: index }));

/** Elements, attributes and CDATA sections; no text beside them, and no other entity. */
const WELL_FORMED =
  /^<\?xml [^?]*\?>(?:\s|<!\[CDATA\[(?:(?!\]\]>).)*\]\]>|<\/?[a-z-]+(?: [a-z]+="(?:[^"<&]|&(?:amp|lt|gt|quot|#xA);)*")*\/?>)*$/su;

describe('a hostile text in a verdict', () => {
  test('is printable in the text report, with and without colours', async () => {
    await expectPrintable((text) => renderTextReport(verdictOf(text)));
    await expectPrintable((text) => {
      const coloured = renderTextReport(verdictOf(text), { colours: true });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one.
      return coloured.replaceAll(/\u001b\[3[1-3]m|\u001b\[39m/g, '');
    });
  });

  test('is printable in the message of an assertion', () =>
    expectPrintable((text) => new Verdict(verdictOf(text)).explain()));

  test('adds no element to the HTML report', async () => {
    const render = (text: string) => reportFormats.html.render({ report: verdictOf(text), events: journalOf(text) });
    const elements = (html: string) => html.match(/<[^>]*>/g)?.length;
    const asUsual = elements(await render('x'));
    await expectPrintable(async (text) => {
      const html = await render(text);
      expect(elements(html)).toBe(asUsual);
      return html;
    });
  });

  test('keeps the JUnit report well-formed', async () => {
    const render = (text: string) => reportFormats.junit.render({ report: verdictOf(text), events: [] });
    await expectPrintable(async (text) => {
      const xml = await render(text);
      expect(xml).toMatch(WELL_FORMED);
      return xml;
    });
  });

  test('is unchanged in the JSON report', () =>
    fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const report = verdictOf(text);
        const json = await reportFormats.json.render({ report, events: [] });
        expect(unprintable(json)).toEqual([]);
        expect(JSON.parse(json)).toEqual(report);
      }),
      fuzzing,
    ));
});

describe('a recording', () => {
  const expected = checks.map(({ name }) => (name === 'pool-size' ? { [name]: { h2: 1 } } : name));
  const scenario = loadScenario(JSON.stringify({ seed: 7, clock: { mode: 'manual' }, expect: expected }));
  const step = fc.record({
    what: fc.constantFrom(...Object.keys(events), 'verdict', 'verdict', 'restart', 'load', 'task.created'),
    text: hostile,
    /** Few, so that events are about the same things. */
    number: fc.integer({ min: 1, max: 3 }),
    waitedMs: fc.integer({ min: 0, max: 40_000 }),
    resets: fc.constantFrom(...resetFidelities),
  });

  test('of random events is judged again as at first, byte for byte', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 80 }), async (steps) => {
        const dir = join(folder, 'recording');
        rmSync(dir, { recursive: true, force: true });
        // Few: what the journal drops is recorded, and judged, all the same.
        const lane = new Lane('main', scenario, { journalCapacity: 8 });
        const recording = await Recording.start(lane, { folder: dir, fileBytes: 4_096, files: 1_000 });
        let report = lane.verdict().report;
        for (const { what, text, number, waitedMs, resets } of steps) {
          await lane.clock.advance(waitedMs);
          if (what === 'verdict') report = (await lane.verdictInTurns(resets)).report;
          else if (what === 'restart') lane.restart();
          else if (what === 'load') lane.load(() => ({ ...scenario, name: `a${text}`, seed: number }));
          else if (what === 'clock.changed') lane.journal.append({ type: what, mode: 'real', speed: number });
          else lane.journal.append(renumber(entries(text).find(({ type }) => type === what) ?? expect.fail(), number));
        }
        await recording.close();

        const again = await retry({ folder: dir, lane: 'main', until: 'judged', events: 0 });

        const render = (verdict: VerdictReport) => reportFormats.json.render({ report: verdict, events: [] });
        expect(await render(again.report)).toBe(await render(report));
      }),
      { ...fuzzing, numRuns: 60, endOnFailure: true },
    ));

  /** An entry about another connection, request and stream. */
  const renumber = (entry: JournalEntry, number: number): JournalEntry => ({
    ...entry,
    ...('connection' in entry && { connection: number }),
    ...('request' in entry && { request: number }),
  });
});

test('`report --admin` makes text from another server printable', async () => {
  const bodies = {
    text: 'FAIL\n\u001b[2J\u009b31m\rok',
    json: JSON.stringify({ outcome: 'fail', scenario: '\u009b' }),
  };
  const server = http.createServer(({ url }, response) =>
    response.end(url?.endsWith('json') ? bodies.json : bodies.text),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const admin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const [text, json, broken] = [captureOutput(), captureOutput(), captureOutput()];
  expect(await runReport({ admin, format: 'text' }, text)).toBe(1);
  expect(await runReport({ admin, format: 'json' }, json)).toBe(1);
  bodies.json = '\u001b[2J is no JSON';
  const failed = await runReport({ admin, format: 'text' }, broken).catch((error: Error) => error.message);

  expect(text.out).toBe('FAIL\n\\u001b[2J\\u009b31m\\u000dok');
  expect(json.out).toBe('{"outcome":"fail","scenario":"\\u009b"}');
  expect(failed).toContain('\\u001b[2J');
  expect(unprintable(`${failed}`)).toEqual([]);
  await new Promise((resolve) => server.close(resolve));
});

/** Writes a scenario to a file whose name does not change. */
function write(scenario: unknown): string {
  const file = join(folder, 'mine.yaml');
  writeFileSync(file, typeof scenario === 'string' ? scenario : JSON.stringify(scenario));
  return file;
}

describe('a hostile text in a scenario file', () => {
  const scenarioOf = (text: string) => ({
    name: `a${text}`,
    seed: 7,
    faults: [
      { name: `b${text}`, on: 'request', match: { path: `/a${text}` }, inject: [{ 'drop-header': { name: 'x' } }] },
    ],
  });

  test('is printable in the output of `explain` and `validate`', async () => {
    await expectPrintable((text) => {
      const output = captureOutput();
      const file = write(scenarioOf(text));
      runExplain(file, { requests: 3 }, output);
      return output.out;
    });
    await expectPrintable(async (text) => {
      const output = captureOutput();
      await runValidate([write(scenarioOf(text))], output);
      return output.out + output.err;
    });
  });

  test('adds no line as a description, which `explain` prints on one line', async () => {
    const explain = (description: string) => {
      const output = captureOutput();
      runExplain(write({ name: 'x', seed: 7, description }), {}, output);
      return output.out;
    };
    expect(explain('One line,\n  and another.\n')).toContain('\nOne line, and another.\n');
    fc.assert(
      fc.property(hostile, (text) => {
        expect(unprintable(explain(text))).toEqual([]);
        expect(explain(text).split('\n')).toHaveLength(explain('x').split('\n').length);
      }),
      fuzzing,
    );
  });

  test('is unchanged in the JSON of `explain`', () =>
    fc.assert(
      fc.property(hostile, (text) => {
        const output = captureOutput();
        runExplain(write(scenarioOf(text)), { requests: 1, json: true }, output);
        expect(unprintable(output.out)).toEqual([]);
        expect(JSON.parse(output.out).name).toBe(`a${text}`);
      }),
      fuzzing,
    ));

  test('is printable in problems', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const output = captureOutput();
        await runValidate([write({ [`a${text}`]: 1, seed: text, faults: [{ on: text }] }), write(text)], output);
        expect(unprintable(output.err.replaceAll('\t', ' '))).toEqual([]);
      }),
      fuzzing,
    );
  });

  test('is escaped in the excerpt of a problem, and the caret fits', async () => {
    const output = captureOutput();
    await runValidate([write('seed: 1 # \u009b31m\nname: "\u202e\u001b" # x\nnmae: "\u009b" # \u0007\n')], output);
    expect(output.err).toBe(`${join(folder, 'mine.yaml')}:3:1  UNKNOWN_KEY
There is no setting "nmae" here.
    3 | nmae: "\\u009b" # \\u0007
      | ^^^^
Did you mean "name"?

`);
  });
});

test('a hostile text in an internal error is printable, and its lines are indented', () => {
  const printed = renderInternalError(new Error('\u001b[2J\nERROR: forged\u009b'));

  expect(printed).toMatch(/^internal error: Error: \\u001b\[2J\n {4}ERROR: forged\\u009b\n {4}at /);
  expect(unprintable(printed)).toEqual([]);
});

test('a hostile text is printable in a problem, a column and the output of `doctor`', async () => {
  await expectPrintable((text) =>
    renderProblem(problem('SCENARIO_NOT_FOUND', { given: text, closest: text, known: [] })),
  );
  await expectPrintable((text) => renderColumns([['x', text, 'x']]));
  const one = { outcome: 'warn', seen: 'x', remedy: 'x' } as const;
  const doctor = { version: 1, outcome: 'warn', target: 'x', examinations: [{ name: 'x', ...one }] } as const;
  await expectPrintable((text) => renderDoctorReport(fill(doctor, text, ['outcome', 'name']) as DoctorReport));
});
