import { calm, createStatus, cutPolls, everySecondPoll, on, status } from '../faults.ts';
import { backoff, type Client, fixed, ignore, open, retry, sleep, type Waits } from '../node/client.ts';
import { type Required, rowsOf } from '../row.ts';

const BACKOFF = 'backoff';
const AFTER = 'retry-after-respected';
const cut = (times: number) => ({ ...calm, faults: [cutPolls(times)] });
const follow = (waits: Waits) => async (client: Client) => client.follow(await client.create(), { waits });
/** Exponential, between nothing and twice the wait. */
const fullJitter: Waits = (n) => (n < 20 ? Math.random() * 200 * 2 ** (n - 1) : undefined);
const asked = (seconds: number | string, times = 1) => ({
  ...calm,
  faults: [status(429, times, { retryAfter: seconds })],
});

const unreadable = (value: string) => ({
  ...calm,
  faults: [status(429, 1, { headers: { 'retry-after': value } })],
});
/** Of several retries at once, the first that is too fast may be a later one. */
const tooFast: Required = { [BACKOFF]: ['fail: too fast', 'fail: no growth'] };

/** How a client waits: backoff, Retry-After (section 5). */
export const waits = rowsOf([
  {
    name: 'cut-polls-repeated-at-once',
    does: 'repeats polls that were cut at once, on new connections',
    in: ['python', 'go'],
    scenario: cut(6),
    required: { ...tooFast, 'recovers-within': 'pass' },
    program: follow(fixed(0)),
  },
  {
    name: 'cut-polls-repeated-with-backoff',
    does: 'waits exponentially longer, with jitter, after polls that were cut',
    in: ['python', 'go'],
    scenario: cut(3),
    required: { [BACKOFF]: 'pass', 'recovers-within': 'pass' },
    program: follow(backoff),
  },
  {
    name: 'cut-polls-repeated-every-150-ms',
    does: 'waits the same 150 ms after each of four failures in a row',
    in: ['python', 'go'],
    scenario: cut(4),
    required: tooFast,
    program: follow(fixed(150)),
  },
  {
    name: 'cut-poll-repeated-after-over-1-s',
    does: 'waits 1.3 s after a poll was cut; `got` waits 1 s and a little',
    in: ['python', 'go'],
    scenario: cut(1),
    required: { [BACKOFF]: 'pass' },
    program: follow(fixed(1_300)),
  },
  {
    name: 'cut-poll-repeated-after-2-s',
    does: 'waits 1.8 s after a poll was cut, as the Python SDK does',
    in: ['python'],
    scenario: cut(1),
    required: { [BACKOFF]: 'pass' },
    program: follow(fixed(1_800)),
  },
  {
    name: 'cut-poll-repeated-at-the-next-tick',
    does: 'asks again at the next tick of its poll of 3 s',
    in: ['go'],
    scenario: cut(1),
    required: { [BACKOFF]: 'pass' },
    program: follow(fixed(3_000)),
  },
  {
    name: 'wait-over-the-given-cap',
    does: 'waits 1.5 s after a poll was cut, where `max: 200ms` and `late: 200ms` are given',
    in: [],
    scenario: cut(1),
    required: { [BACKOFF]: 'fail: over the cap' },
    params: { [BACKOFF]: { max: '200ms', late: '200ms' } },
    program: follow(fixed(1_500)),
  },
  {
    name: 'wait-later-than-given',
    does: 'waits 1.5 s after a poll was cut, where `late: 300ms` is given',
    in: [],
    scenario: cut(1),
    required: { [BACKOFF]: 'fail: too slow' },
    params: { [BACKOFF]: { late: '300ms' } },
    program: follow(fixed(1_500)),
  },
  {
    name: 'refused-polls-repeated-at-once',
    does: 'repeats a poll at once after each of ten answers 429',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [status(429, 10)] },
    required: tooFast,
    program: follow(fixed(0)),
  },
  {
    name: 'unavailable-polls-repeated-at-once',
    does: 'repeats a poll at once after each of five answers 503',
    in: ['go'],
    scenario: { ...calm, faults: [status(503, 5)] },
    required: tooFast,
    program: follow(fixed(0)),
  },
  {
    name: 'timed-out-polls-repeated-at-once',
    does: 'repeats a poll at once after each of five answers 408',
    in: [],
    scenario: { ...calm, faults: [status(408, 5)] },
    required: tooFast,
    program: follow(fixed(0)),
  },
  {
    name: 'early-polls-repeated-at-once',
    does: 'repeats a poll at once after each of five answers 425',
    in: [],
    scenario: { ...calm, faults: [status(425, 5)] },
    required: tooFast,
    program: follow(fixed(0)),
  },
  {
    name: 'broken-polls-repeated-at-once',
    does: 'repeats a poll at once after each of five answers 500',
    in: ['python'],
    scenario: { ...calm, faults: [status(500, 5)] },
    required: tooFast,
    program: follow(fixed(0)),
  },
  {
    name: 'refused-polls-repeated-with-backoff',
    does: 'waits exponentially longer, with jitter, after answers 429',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [status(429, 4)] },
    required: { [BACKOFF]: 'pass', 'recovers-within': 'pass' },
    program: follow(backoff),
  },
  {
    name: 'four-parallel-polls-with-one-backoff',
    does: 'polls four tasks on one connection; when it is cut, all wait for one backoff of the service',
    in: [],
    scenario: {
      ...calm,
      tasks: { queued: '100ms', running: '1500ms' },
      // As in the bundled scenario poll-reset.
      faults: [
        on.polls('every third poll dies', [{ delay: { ms: 200 } }, { end: { at: { bodyBytes: 40 } } }], {
          every: 3,
          times: 5,
        }),
      ],
    },
    required: { [BACKOFF]: 'pass', 'recovers-within': 'pass', 'tasks-settled': 'pass' },
    program: async (client) => {
      await client.connection();
      const ids = await Promise.all([1, 2, 3, 4].map((n) => client.create({ prompt: `Lighthouse ${n}.` })));
      let failures = 0;
      let until = 0;
      const shared: Waits = (_, failure) => {
        if (Date.now() >= until) until = Date.now() + (backoff(++failures, failure) ?? 0);
        return until - Date.now() + Math.random() * 50;
      };
      // Calls that have not failed wait as well: it is the service that is spared.
      const calm = () => sleep(Math.max(0, until - Date.now()));
      const poll = async (id: string) => {
        while ((await retry(shared, () => calm().then(() => client.poll(id)))) !== 'succeeded') {
          failures = 0;
          await sleep(250);
        }
      };
      await Promise.all(ids.map(poll));
    },
  },
  {
    name: 'other-call-succeeds-between-failures',
    does: 'waits 150 ms after each of two cuts of one call; between them another call got through',
    in: [],
    scenario: { ...calm, faults: [on.polls('cut', [{ end: { at: { bodyBytes: 40 } } }], { nth: [1, 3] })] },
    required: { [BACKOFF]: 'pass', 'tasks-settled': 'pass' },
    not: ['parallel'],
    program: async (client) => {
      const first = await client.create({ prompt: 'A lighthouse.' });
      const second = await client.create({ prompt: 'A harbour.' });
      await client.poll(first).catch(ignore);
      await sleep(150);
      await client.poll(second);
      await client.poll(first).catch(ignore);
      await sleep(150);
      await Promise.all([client.follow(first), client.follow(second)]);
    },
  },
  {
    name: 'spare-connection-opened-at-once',
    does: 'opens a spare connection at once after a cut, and waits before it asks again',
    in: [],
    scenario: cut(1),
    required: { [BACKOFF]: ['pass', 'inconclusive: the spare connection carried nothing in time'] },
    program: async (client) => {
      const id = await client.create();
      const spare = await open();
      await client.poll(id).catch(ignore);
      const another = await open();
      await sleep(200);
      spare.close();
      another.close();
      await client.follow(id);
    },
  },
  {
    name: 'other-healthy-connection-used-at-once',
    does: 'sends a poll that was cut again at once over another connection, which is healthy',
    in: [],
    scenario: cut(1),
    required: { [BACKOFF]: ['pass', 'inconclusive: the service was not tried again on a new connection'] },
    program: async (client) => {
      const id = await client.create();
      const other = client.other();
      await other.list();
      await client.poll(id).catch(ignore);
      await other.follow(id);
    },
  },
  {
    name: 'happy-eyeballs',
    does: 'opens two connections at the same time, keeps the first, and closes the other',
    in: [],
    scenario: calm,
    required: { [BACKOFF]: 'inconclusive: nothing failed', 'recovers-within': 'inconclusive: nothing failed' },
    program: async (client) => {
      const [, loser] = await Promise.all([client.connection(), open()]);
      loser.close();
      await client.follow(await client.create());
    },
  },
  {
    name: 'no-jitter',
    does: 'waits exactly 120 ms after each cut, where chance should add up to 10 s',
    in: ['python'],
    scenario: { ...calm, faults: [everySecondPoll(6)] },
    required: { [BACKOFF]: 'fail: no jitter' },
    params: { [BACKOFF]: { jitter: '10s' } },
    program: async (client) => {
      const id = await client.create();
      for (let n = 0; n < 7; n++) {
        await retry(fixed(120), () => client.poll(id));
        await sleep(100);
      }
    },
  },
  {
    name: 'jitter',
    does: 'adds up to 400 ms by chance to each wait, as asked',
    in: [],
    scenario: { ...calm, tasks: { queued: '100ms', running: '3500ms' }, faults: [everySecondPoll(6)] },
    required: { [BACKOFF]: 'pass' },
    params: { [BACKOFF]: { jitter: '400ms' } },
    program: (client) => {
      // Drawn once and for all: by chance alone, one run in sixty looks like none.
      const draws = [110, 480, 200, 350, 150, 420];
      return follow(() => draws.unshift(draws.pop() ?? 0) && draws[0])(client);
    },
  },
  {
    name: 'full-jitter',
    does: 'waits by full jitter, anything from nothing to the whole wait, and the scenario says so',
    in: [],
    scenario: cut(3),
    required: { [BACKOFF]: 'pass' },
    params: { [BACKOFF]: { jitter: 'full', base: '200ms' } },
    program: follow(fullJitter),
  },
  {
    name: 'nothing-failed',
    does: 'meets no failure at all',
    in: ['python', 'go'],
    scenario: calm,
    required: { [BACKOFF]: 'inconclusive: nothing failed', 'recovers-within': 'inconclusive: nothing failed' },
    program: async (client) => client.follow(await client.create()),
  },
  {
    name: 'retry-after-respected',
    does: 'waits as long as `Retry-After: 1` asks',
    in: ['python', 'go'],
    scenario: asked(1),
    required: { [AFTER]: 'pass' },
    program: follow(backoff),
  },
  {
    name: 'retry-after-ignored',
    does: 'asks again after 200 ms although `Retry-After: 2` was sent',
    in: ['python', 'go'],
    scenario: asked(2, 2),
    required: { [AFTER]: 'fail: too early' },
    // At 20 times the speed it asks for 100 ms.
    not: ['speed'],
    program: follow(fixed(200)),
  },
  {
    name: 'retry-after-given-up',
    does: 'gives up a create that was refused with `Retry-After`',
    in: [],
    scenario: { ...calm, faults: [createStatus(429, 1, { retryAfter: 2 })] },
    required: { [AFTER]: 'inconclusive: no refused call was tried again' },
    program: (client) => client.create().catch(ignore),
  },
  {
    name: 'retry-after-unreadable',
    does: 'asks again after 300 ms when `Retry-After: 1.5` was sent, which RFC 9110 does not know',
    in: ['python'],
    scenario: unreadable('1.5'),
    required: { [AFTER]: 'inconclusive: the value of Retry-After is unreadable' },
    program: follow(fixed(300)),
  },
  {
    name: 'retry-after-negative',
    does: 'asks again after 300 ms when `Retry-After: -5` was sent, which RFC 9110 does not know',
    in: [],
    scenario: unreadable('-5'),
    required: { [AFTER]: 'inconclusive: the value of Retry-After is unreadable' },
    program: follow(fixed(300)),
  },
  {
    name: 'retry-after-date-in-the-past',
    does: 'asks again after 300 ms when `Retry-After` names a moment that is over',
    in: [],
    scenario: asked('Tue, 01 Jan 2019 00:00:00 GMT'),
    required: { [AFTER]: 'pass' },
    program: follow(fixed(300)),
  },
  {
    name: 'retry-after-evaded-by-new-body',
    does: 'sends another create at once after one that was refused with `Retry-After: 2`',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [createStatus(429, 1, { retryAfter: 2 })] },
    required: { [AFTER]: 'fail: too early' },
    not: ['speed'],
    program: async (client) => client.follow(await retry(fixed(50), (n) => client.create({ prompt: `Take ${n}.` }))),
  },
  {
    name: 'retry-after-beside-other-polls',
    does: 'polls three tasks in parallel, waits for `Retry-After: 1` on one, and goes on with the others',
    in: [],
    scenario: {
      ...calm,
      tasks: { queued: '100ms', running: '1500ms' },
      faults: [on.polls('busy', [{ status: { code: 429, retryAfter: 1 } }], { nth: 4 })],
    },
    required: { [AFTER]: 'pass' },
    // At 20 times the speed it asks for 50 ms, and an advance by hand may end the tasks before the fourth poll.
    not: ['speed', 'manual'],
    program: async (client) => {
      await client.connection();
      const ids = await Promise.all([1, 2, 3].map((n) => client.create({ prompt: `Lighthouse ${n}.` })));
      await Promise.all(ids.map((id) => client.follow(id)));
    },
  },
  {
    name: 'retry-after-respected-by-all',
    does: 'waits for `Retry-After: 1`, and then makes another video in place of the refused one',
    in: [],
    scenario: { ...calm, faults: [createStatus(429, 1, { retryAfter: 1 })] },
    required: { [AFTER]: ['pass', 'inconclusive: the refused create was given up'] },
    program: async (client) => client.follow(await retry(fixed(1_100), (n) => client.create({ prompt: `Take ${n}.` }))),
  },
  {
    name: 'accept-resets-with-backoff',
    does: 'meets three connections that are reset at once, and waits longer each time',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [{ name: 'down', on: 'accept', when: { first: 3 }, inject: ['reset'] }] },
    required: { [BACKOFF]: 'pass', 'recovers-within': 'pass', 'no-duplicate-creates': 'pass' },
    program: async (client) => client.follow(await retry(backoff, () => client.create())),
  },
  {
    name: 'accept-resets-repeated-at-once',
    does: 'meets six connections that are reset at once, and connects again at once',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [{ name: 'down', on: 'accept', when: { first: 6 }, inject: ['reset'] }] },
    required: { ...tooFast, 'recovers-within': 'pass' },
    program: async (client) => client.follow(await retry(fixed(0), () => client.create())),
  },
  {
    name: 'two-clients-meet-resets',
    does: 'is two clients; three connections are reset before anyone says whose they are, and both back off',
    in: ['python'],
    scenario: { ...calm, faults: [{ name: 'down', on: 'accept', when: { nth: [2, 3, 5] }, inject: ['reset'] }] },
    processes: 2,
    faultsMayMiss: true,
    required: {
      [BACKOFF]: ['pass', 'inconclusive: the connections that were cut may be either client’s'],
      'recovers-within': ['pass', 'inconclusive: the connections that were cut may be either client’s'],
      'tasks-settled': 'pass',
    },
    program: async (client) => client.follow(await retry(backoff, () => client.create())),
  },
  {
    name: 'timeout-of-50-ms',
    does: 'cancels each poll after 50 ms while answers take 400 ms, and asks again at once (row E1)',
    in: [],
    scenario: { ...calm, faults: [on.polls('slow', [{ delay: { ms: 400 } }], { first: 8 })] },
    required: {
      [BACKOFF]: ['pass', 'fail', 'inconclusive: the client ended the calls itself'],
      'no-retry-storm': 'fail: retry storm',
    },
    modes: { speed: { 'no-retry-storm': ['pass', 'fail', 'inconclusive: at 20 times the speed it is not slow'] } },
    not: ['copies'],
    program: async (client) => client.follow(await client.create(), { timeoutMs: 50, waits: fixed(0) }),
  },
  {
    name: 'storm-of-creates-with-new-ids',
    does: 'gives a slow create up after 50 ms, and sends it again at once with a new `X-Client-Request-Id`',
    in: [],
    scenario: { ...calm, faults: [on.creates('slow', [{ delay: { ms: 400 } }], { first: 8 })] },
    required: { 'no-retry-storm': 'fail: retry storm' },
    modes: { speed: { 'no-retry-storm': ['pass', 'fail', 'inconclusive: at 20 times the speed it is not slow'] } },
    not: ['copies', 'manual'],
    program: async (client) =>
      client.follow(
        await retry(fixed(0), (n) => client.create({ requestId: `request-${n}`, timeoutMs: n < 9 ? 50 : 5_000 })),
      ),
  },
  {
    name: 'storm-of-creates-with-new-seeds',
    does: 'gives a slow create up after 50 ms, and sends it again at once with a new `seed`',
    in: [],
    scenario: { ...calm, faults: [on.creates('slow', [{ delay: { ms: 400 } }], { first: 8 })] },
    required: { 'no-retry-storm': 'inconclusive: attempts at one create, or at several of one prompt' },
    modes: { speed: { 'no-retry-storm': ['pass', 'inconclusive: at 20 times the speed it is not slow'] } },
    // By hand the clock may end a wait at any moment, and with it the row.
    not: ['copies', 'manual'],
    program: async (client) =>
      client.follow(await retry(fixed(0), (n) => client.create({ seed: n, timeoutMs: n < 9 ? 50 : 5_000 }))),
  },
  {
    name: 'slow-polls-left-by-httpx',
    does: 'uses httpx, which gives a poll up after 100 ms without resetting its stream, and asks again at once',
    in: ['python'],
    scenario: { ...calm, faults: [on.polls('slow', [{ delay: { ms: 800 } }], { first: 8 })] },
    required: { 'no-retry-storm': 'inconclusive: it gave up without RST_STREAM, or asks in parallel' },
    // By another clock the answers come at other times.
    not: ['speed', 'manual'],
  },
  {
    name: 'slow-answers-waited-for',
    does: 'waits for answers that take 400 ms',
    in: [],
    scenario: { ...calm, faults: [on.polls('slow', [{ delay: { ms: 400 } }], { first: 2 })] },
    required: { 'no-retry-storm': 'pass' },
    program: follow(backoff),
  },
  {
    name: 'tls-cuts-repeated-at-once',
    does: 'meets six handshakes that are cut, and connects again at once',
    in: [],
    scenario: { ...calm, faults: [{ name: 'cut', on: 'handshake', when: { first: 6 }, inject: ['tls-cut'] }] },
    required: { ...tooFast, 'recovers-within': 'pass' },
    program: async (client) => client.follow(await retry(fixed(0), () => client.create())),
  },
  {
    name: 'cut-creates-repeated-with-backoff',
    does: 'waits exponentially longer after creates that were cut before they were carried out',
    in: ['go'],
    scenario: {
      ...calm,
      faults: [on.creates('cut', [{ end: { at: 'before-commit' } }], { first: 3 })],
    },
    required: { [BACKOFF]: 'pass', 'no-duplicate-creates': 'pass', 'tasks-settled': 'pass' },
    program: async (client) => client.follow(await retry(backoff, () => client.create())),
  },
]);
