import { type CallbackTry, Journal, type JournalEntry } from '../journal.ts';
import { DEFAULT_BY } from '../scenario/clients.ts';
import type { Case } from './bench.ts';
import type { Check } from './check.ts';
import { nameOf, printOf } from './clients.ts';
import { judge } from './judge.ts';
import type { CheckResult, ClientResult } from './verdict.ts';

/** What happened at a moment, in lane milliseconds from the start. */
export type Step = readonly [atMs: number, entry: JournalEntry];

/** Events of one type without what a builder says of itself. */
type More<T extends JournalEntry['type']> = Partial<Omit<Extract<JournalEntry, { type: T }>, 'type' | 'connection'>>;

/** A journal that tells a story, after the scenario was loaded without a fault. */
export function tell(steps: Iterable<Step>, capacity?: number): Journal {
  let now = 0;
  const journal = new Journal(() => now, capacity);
  journal.append({ type: 'scenario.loaded', name: 'story', seed: 1, faults: 0 });
  for (const [atMs, entry] of steps) {
    now = atMs;
    journal.append({ ...entry });
  }
  return journal;
}

/** Tells what goes on at the same time as one story. */
export const merge = (...stories: readonly (readonly Step[])[]): readonly Step[] =>
  stories.flat().toSorted(([a], [b]) => a - b);

/** What one check makes of a story.
 * @throws Error where a report could not show it as it is */
export function judgeBy(check: Check, params: object, steps: readonly Step[], more: Partial<Case> = {}): CheckResult {
  const expect = [check.bind(check.params.parse(params))];
  const journal = tell(steps);
  const { report } = judge(journal, { scenario: 'story', seed: 1, expect, ...more });
  const [result] = report.checks;
  if (!result) throw new Error('nothing was judged');
  for (const client of result.clients) mustFitReport(check, client, journal.seq);
  return result;
}

/** What one check makes of a story of whose beginning events were lost. */
export function judgeAfterLoss(
  check: Check,
  params: object,
  steps: readonly Step[],
): CheckResult['outcome'] | undefined {
  const lost: readonly Step[] = Array.from({ length: 3 }, () => [0, { type: 'listener.opened' }]);
  const expect = [check.bind(check.params.parse(params))];
  const { report } = judge(tell([...lost, ...steps], steps.length), { scenario: 'story', seed: 1, expect });
  return report.checks[0]?.outcome;
}

/** Of each client, what a check finds; else its outcome. */
export const findingsOf = (check: Check, params: object, steps: readonly Step[]): readonly string[] =>
  judgeBy(check, params, steps).clients.map(({ finding, outcome }) => finding ?? outcome);

/** Two lines of a terminal for what was seen, and two for what helps. */
const LONGEST_SENTENCE = 190;

/** A report shows one sentence without its full stop, and beside what failed a defined finding, a hint and events to look up. */
function mustFitReport({ name, definition }: Check, result: ClientResult, newest: number): void {
  const { outcome, seen, finding, hint = '', events } = result;
  const defined = definition.replace(/\s+/g, ' ').includes(`*${finding}*`);
  const wrongs = {
    'is no sentence': !/^\S.*[^\s.]$/.test(seen) || seen.length > LONGEST_SENTENCE,
    'names events that are not there': events.some((seq) => seq < 1 || seq > newest),
    'has a finding that its definition lacks': outcome === 'fail' && !defined,
    'gives no hint': outcome === 'fail' && !(/^\S.*\.$/.test(hint) && hint.length <= LONGEST_SENTENCE),
    'proves nothing': outcome !== 'inconclusive' && events.length === 0,
  };
  for (const [wrong, found] of Object.entries(wrongs)) if (found) throw new Error(`${name} ${wrong}: ${seen}`);
}

/** Where the tasks are. */
export const TASKS = '/api/v3/contents/generations/tasks';

const remote = (connection: number, address = '127.0.0.1') => `${address}:${40_000 + connection}`;

const JA4 = 't13d1_a_b';

interface Opening extends More<'connection.hello'> {
  readonly userAgent?: string;
  /** What identified the client. */
  readonly by?: string;
  /** The name of its API key. */
  readonly account?: string;
  readonly protocol?: 'h2' | 'http/1.1';
}

const clientOf = (userAgent: string, { ja4 = JA4 }: Opening) =>
  nameOf({ address: '127.0.0.1', ja4: printOf(ja4), userAgent });

/** Stories tell clients apart by JA4 alone. */
const helloOf = ({ ja4 = JA4 }: Opening) => ({ ja4, print: printOf(ja4) });

/** A client's connection up to its first request. */
export const opens = (
  atMs: number,
  connection: number,
  { userAgent = 'tea/1', protocol = 'h2', by = DEFAULT_BY.at(-1) ?? '', account, ...more }: Opening = {},
): readonly Step[] => [
  [atMs, { type: 'connection.opened', connection, remote: remote(connection) }],
  [
    atMs,
    { type: 'connection.hello', connection, alpn: [protocol], ...helloOf(more), serverName: 'localhost', ...more },
  ],
  [atMs, { type: 'connection.secured', connection, protocol, tls: 'TLSv1.3', cipher: 'x' }],
  [
    atMs,
    {
      ...{ type: 'connection.identified', connection, userAgent, client: clientOf(userAgent, more), by },
      ...(account !== undefined && { account }),
    } as const,
  ],
];

/** A request, numbered within its connection. */
export const asks = (atMs: number, connection: number, request: number, more: More<'request.received'> = {}): Step => [
  atMs,
  { type: 'request.received', connection, request, method: 'GET', path: '/tasks/1', ...more },
];

/** The body of a request has been read.
 * @param intent of a create: what it wants, whatever its seed and mark */
export const brings = (atMs: number, connection: number, request: number, digest = 'a', intent?: string): Step => [
  atMs,
  { type: 'request.body', connection, request, bytes: 2, digest, ...(intent !== undefined && { intent }) },
];

/** A create on the first connection, answered 5 ms later: by default it is refused, and makes no task.
 * @param body its digest: another seed or mark makes another */
export const triesToCreate = (
  atMs: number,
  request: number,
  { body = `seed ${request}`, intent = 'a lighthouse', status = 503, ...more }: Attempt = {},
): readonly Step[] => [
  asks(atMs, 1, request, { method: 'POST', path: TASKS, ...more }),
  brings(atMs, 1, request, body, intent),
  ...(status === 200 ? [creates(atMs + 1, `cgt-${request}`, { connection: 1, request })] : []),
  answers(atMs + 5, 1, request, { method: 'POST', path: TASKS, status }),
];

interface Attempt extends More<'request.received'> {
  readonly body?: string;
  readonly intent?: string;
  readonly status?: number;
}

export const answers = (atMs: number, connection: number, request: number, more: More<'response.sent'> = {}): Step => [
  atMs,
  {
    type: 'response.sent',
    connection,
    request,
    method: 'GET',
    path: '/tasks/1',
    status: 200,
    bytes: 2,
    ms: 1,
    ...more,
  },
];

/** A Get or List on the first connection, answered 10 ms later.
 * @param below what follows the path of the tasks */
export const looks = (atMs: number, below: string, { status = 200, request = atMs } = {}): readonly Step[] => [
  asks(atMs, 1, request, { path: `${TASKS}${below}` }),
  answers(atMs + 10, 1, request, { status }),
];

/** The end of a connection; left out, by its client, in good order. */
export const ends = (atMs: number, connection: number, more: More<'connection.ended'> = {}): Step => [
  atMs,
  {
    type: 'connection.ended',
    connection,
    remote: remote(connection),
    by: 'client',
    how: 'fin',
    idleMs: 0,
    ageMs: 0,
    requests: [],
    ...more,
  },
];

/** A reset by a fault, which cuts the requests of these numbers. */
export const resets = (atMs: number, connection: number, ...requests: readonly number[]): Step =>
  ends(atMs, connection, {
    by: 'fault',
    how: 'reset',
    requests: requests.map((request) => ({ request, method: 'GET', path: '/tasks/1' })),
  });

/** From here on the lane's time runs so many times as fast as the client's. */
export const hurries = (atMs: number, speed: number): Step => [atMs, { type: 'clock.changed', mode: 'real', speed }];

interface Making {
  readonly connection?: number;
  readonly request?: number;
  readonly account?: string;
  readonly mark?: string;
}

/** A task that a request made, where one is named. */
export const creates = (atMs: number, task: string, more: Making = {}): Step => [
  atMs,
  { type: 'task.created', task, model: 'seedance', ...more },
];

export const moves = (atMs: number, task: string, to: string, from = 'running'): Step => [
  atMs,
  { type: 'task.changed', task, from, to },
];

type News = Partial<CallbackTry>;

const newsOf = ({ task = 'cgt-1', status = 'succeeded', ...more }: News): CallbackTry => ({
  ...{ task, status, url: 'http://localhost/hook', bizId: task, opType: `task.${status}`, version: 1, attempt: 1 },
  ...more,
});

/** A callback is sent; what came of it, another step tells. */
export const posts = (atMs: number, news: News = {}): Step => [atMs, { type: 'callback.sent', ...newsOf(news) }];

/** A callback is sent and answered. */
export const postsAndHears = (
  atMs: number,
  { code = 200, replayed, ...news }: News & { code?: number; replayed?: true } = {},
): readonly Step[] => [
  posts(atMs, news),
  [atMs, { type: 'callback.answered', ...newsOf(news), code, ms: 1, ...(replayed && { replayed }) }],
];

/** A callback is sent, and no answer comes in time. */
export const postsInVain = (atMs: number, news: News = {}): readonly Step[] => [
  posts(atMs, news),
  [atMs, { type: 'callback.failed', ...newsOf(news), reason: 'no answer within 5s', timedOut: true, ms: 5_000 }],
];
