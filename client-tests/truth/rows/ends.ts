import { calm, cutPolls, on, silentPoll, TASKS } from '../faults.ts';
import { backoff, type Client, ignore, never, retry, sleep } from '../node/client.ts';
import { openRaw } from '../node/raw.ts';
import { rowsOf } from '../row.ts';

const RECOVERS = 'recovers-within';
const GOAWAY = 'goaway-respected';
const nothingFailed = { [RECOVERS]: 'inconclusive: nothing failed' } as const;
const slowPolls = (times: number) => on.polls('polls are slow', [{ delay: { ms: 400 } }], { first: times });
/** The connection is drained: what is open on it is answered still. */
const drained = on.polls('drain', [{ goaway: { graceful: true } }, { delay: { ms: 500 } }]);
/** What is above stream 1 was never processed. */
const refusedStreams = on.polls('only the first stream', [{ goaway: { lastStreamId: 1 } }, { end: { at: 'headers' } }]);

/** What is open when the program ends. */
const slowList = {
  name: 'List is slow',
  on: 'request',
  match: { method: 'GET', path: TASKS },
  inject: [{ delay: { ms: 2_000 } }],
} as const;

/** Open for longer than a drained connection is watched. */
const openList = {
  name: 'List is slow',
  on: 'request',
  match: { method: 'GET', path: TASKS },
  inject: [{ delay: { ms: 900 } }],
} as const;

const follow = async (client: Client) => client.follow(await client.create());
const freeze = {
  name: 'frozen',
  on: 'accept',
  when: { nth: 2 },
  inject: [{ freeze: { after: '0ms', for: '60s' } }],
} as const;
const hang = { name: 'accepted and never served', on: 'accept', when: { nth: 2 }, inject: ['hang'] } as const;
const stall = {
  name: 'no window',
  on: 'session',
  when: { first: 1 },
  inject: [{ 'window-stall': { direction: 'upload' } }],
} as const;
/** More than the window that every stream has, of 65,535 bytes. */
const long = { prompt: 'A lighthouse at dusk. '.repeat(5_000) };
const slowHandshake = {
  name: 'no handshake',
  on: 'handshake',
  when: { nth: 2 },
  inject: [{ 'tls-cut': { at: 'server-hello', how: 'hang' } }],
} as const;

/** Opens the connection and sends within a bound of its own. */
const within = <T>(ms: number, work: Promise<T>): Promise<T | undefined> =>
  Promise.race([work, sleep(ms).then(ignore)]);

/** Says who it is, on a connection that is served and closed: the next one is not. */
const meet = (client: Client) => client.other({ pool: 'each' }).list();

/** Polls a few times, and closes each stream as soon as all of Content-Length is there. */
async function pollAndClose(client: Client): Promise<void> {
  const id = await client.create();
  const session = await client.connection();
  for (let n = 0; n < 6; n++) {
    const stream = client.stream(session, 'GET', `${TASKS}/${id}`);
    let promised = 0;
    let got = 0;
    stream.on('response', (head) => {
      promised = Number(head['content-length']);
    });
    await new Promise<void>((resolve) =>
      stream.on('error', ignore).on('data', (chunk: Buffer) => {
        got += chunk.length;
        if (got >= promised) resolve();
      }),
    );
    stream.close(8);
    await sleep(200);
  }
}

/** Who ended a call, and whether it failed (section 3). */
export const ends = rowsOf([
  {
    name: 'poll-cancelled',
    does: 'cancels a poll that it does not need any more, and polls on later',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [slowPolls(1)] },
    required: {
      [RECOVERS]: ['pass', 'inconclusive: the client gave up a slow answer, or wanted it no more'],
      'tasks-settled': 'pass',
    },
    // At 20 times the speed the answer is there before.
    modes: { speed: { [RECOVERS]: ['pass', 'inconclusive: the client gave up a slow answer, or wanted it no more'] } },
    program: async (client) => {
      const id = await client.create();
      const stream = client.stream(await client.connection(), 'GET', `${TASKS}/${id}`);
      await sleep(100);
      stream.on('error', ignore).close(8);
      await client.follow(id);
    },
  },
  {
    name: 'poll-cancelled-for-good',
    does: 'cancels a poll, deletes nothing, and ends: its task was seen to its end before',
    in: [],
    scenario: calm,
    required: { ...nothingFailed, 'tasks-settled': 'pass' },
    program: async (client) => {
      const id = await client.create();
      await client.follow(id);
      const stream = client.stream(await client.connection(), 'GET', TASKS);
      stream.on('error', ignore).close(8);
      await sleep(50);
    },
  },
  {
    name: 'video-closed-after-its-head',
    does: 'closes the stream of a video after its head, as players and ffprobe do',
    in: ['go'],
    scenario: calm,
    required: { ...nothingFailed, 'tasks-settled': 'pass' },
    program: async (client) => {
      const id = await client.create();
      await client.follow(id);
      const { storage, path } = await client.videoOf(id);
      const stream = storage.stream(await storage.connection(), 'GET', path);
      await new Promise((resolve) => stream.once('data', resolve));
      stream.on('error', ignore).close(8);
      await sleep(100);
    },
  },
  {
    name: 'loser-of-a-hedged-poll',
    does: 'sends a second poll when the first is slow, and cancels the loser',
    in: ['go'],
    scenario: { ...calm, faults: [slowPolls(1)] },
    required: {
      [RECOVERS]: ['pass', 'inconclusive: the client gave up a slow answer, or wanted it no more'],
      'tasks-settled': 'pass',
    },
    program: async (client) => {
      const id = await client.create();
      const stream = client.stream(await client.connection(), 'GET', `${TASKS}/${id}`);
      await sleep(100);
      await client.poll(id);
      stream.on('error', ignore).close(8);
      await client.follow(id);
    },
  },
  {
    name: 'program-ends-amid-a-poll',
    does: 'ends while a List is open: its task was seen to its end before',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [slowList] },
    required: {
      [RECOVERS]: 'inconclusive: the client gave up a slow answer, or wanted it no more',
      'tasks-settled': 'pass',
    },
    program: async (client) => {
      await follow(client);
      client.stream(await client.connection(), 'GET', TASKS);
      await sleep(300);
    },
  },
  {
    name: 'answer-complete-before-close',
    does: 'closes each stream as soon as `content-length` bytes are there, before its end is',
    in: ['go'],
    scenario: calm,
    required: { ...nothingFailed, 'tasks-settled': 'pass', 'no-duplicate-creates': 'pass' },
    program: (client) => pollAndClose(client),
  },
  {
    name: 'slow-answer-complete-before-close',
    does: 'closes each stream as soon as `content-length` bytes are there, also where a fault sends them slowly',
    in: ['go'],
    scenario: {
      ...calm,
      faults: [on.polls('polls come slowly', [{ 'slow-body': { bytesPerSecond: 4_000 } }], { every: 1 })],
    },
    required: { ...nothingFailed, 'tasks-settled': 'pass', 'no-duplicate-creates': 'pass' },
    program: (client) => pollAndClose(client),
  },
  {
    name: 'answer-cut-and-not-repeated',
    does: 'loses a poll to a cut in its body, and does not repeat it',
    in: ['python'],
    scenario: { ...calm, faults: [cutPolls(1)] },
    required: { [RECOVERS]: 'fail: gave up' },
    program: async (client) => client.follow(await client.create(), { waits: never }).catch(ignore),
  },
  {
    name: 'silent-poll-repeated',
    does: 'times out a poll that is never answered, and repeats it',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [silentPoll] },
    required: { [RECOVERS]: 'pass', 'tasks-settled': 'pass' },
    program: async (client) => client.follow(await client.create(), { timeoutMs: 500 }),
  },
  {
    name: 'silent-poll-given-up',
    does: 'times out a poll that is never answered, and gives up',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [silentPoll] },
    required: { [RECOVERS]: 'fail: gave up' },
    program: async (client) => client.follow(await client.create(), { timeoutMs: 500, waits: never }).catch(ignore),
  },
  {
    name: 'frozen-connection-left',
    does: 'leaves a connection that lets nothing pass, and gets through on another one',
    in: ['python'],
    scenario: { ...calm, faults: [freeze] },
    required: { [RECOVERS]: ['pass', 'inconclusive: the two open connections may be two replicas'] },
    not: ['speed', 'manual'],
    program: async (client) => {
      await meet(client);
      await within(500, client.create().catch(ignore));
      const other = client.other();
      await retry(backoff, () => follow(other));
    },
  },
  {
    name: 'frozen-connection-given-up',
    does: 'gives up on a connection that lets nothing pass',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [freeze] },
    required: { [RECOVERS]: 'fail: gave up' },
    not: ['speed', 'manual'],
    program: async (client) => {
      await meet(client);
      await within(500, client.create().catch(ignore));
    },
  },
  {
    name: 'unserved-connection-left',
    does: 'leaves a connection that is accepted and never served, and gets through on another one',
    in: [],
    scenario: { ...calm, faults: [hang] },
    required: { [RECOVERS]: ['pass', 'inconclusive: the two open connections may be two replicas'] },
    program: async (client) => {
      await meet(client);
      await within(500, client.create().catch(ignore));
      await follow(client.other());
    },
  },
  {
    name: 'unserved-connection-given-up',
    does: 'gives up on a connection that is accepted and never served',
    in: ['go'],
    scenario: { ...calm, faults: [hang] },
    required: { [RECOVERS]: 'fail: gave up' },
    program: async (client) => {
      await meet(client);
      await within(500, client.create().catch(ignore));
    },
  },
  {
    name: 'never-served',
    does: 'gives up on its first connection, which is accepted and never served, before it said who it is',
    in: ['python'],
    scenario: { ...calm, faults: [{ ...hang, when: { first: 1 } }] },
    required: { [RECOVERS]: ['fail: gave up', 'inconclusive: a client that never said who it is is not judged'] },
    program: (client) => within(500, client.create().catch(ignore)),
  },
  {
    name: 'stalled-create-repeated',
    does: 'cancels a create whose body the window does not admit, and repeats it on another connection',
    in: [],
    scenario: { ...calm, faults: [stall] },
    required: { [RECOVERS]: 'pass', 'no-duplicate-creates': 'pass' },
    program: async (client) => {
      await client.create({ ...long, timeoutMs: 500 }).catch(ignore);
      await sleep(150);
      await follow(client.other());
    },
  },
  {
    name: 'stalled-create-given-up',
    does: 'gives up a create whose body the window does not admit',
    in: ['python'],
    scenario: { ...calm, faults: [stall] },
    required: { [RECOVERS]: 'fail: gave up' },
    program: (client) => client.create({ ...long, timeoutMs: 500 }).catch(ignore),
  },
  {
    name: 'hanging-handshake-left',
    does: 'leaves a connection whose handshake hangs, and gets through on another one',
    in: [],
    scenario: { ...calm, faults: [slowHandshake] },
    required: { [RECOVERS]: ['pass', 'inconclusive: the two open connections may be two replicas'] },
    program: async (client) => {
      await meet(client);
      await within(500, client.create().catch(ignore));
      await follow(client.other());
    },
  },
  {
    name: 'hanging-handshake-given-up',
    does: 'gives up on a connection whose handshake hangs',
    in: ['go'],
    scenario: { ...calm, faults: [slowHandshake] },
    required: { [RECOVERS]: 'fail: gave up' },
    program: async (client) => {
      await meet(client);
      await within(500, client.create().catch(ignore));
    },
  },
  {
    name: 'refused-stream-repeated',
    does: 'repeats a poll that was answered with RST_STREAM REFUSED_STREAM',
    in: ['python', 'go'],
    scenario: {
      ...calm,
      faults: [on.polls('refused', [{ end: { at: 'before-commit', how: 'rst-stream', code: 'REFUSED_STREAM' } }])],
    },
    required: { [RECOVERS]: 'pass', 'tasks-settled': 'pass' },
    program: follow,
  },
  {
    name: 'goaway-heeded',
    does: 'waits for its open stream on GOAWAY, and sends what comes next over a new connection',
    in: ['go'],
    scenario: { ...calm, faults: [drained] },
    required: { [GOAWAY]: 'pass', 'tasks-settled': 'pass' },
    program: follow,
  },
  {
    name: 'drained-answers-dropped',
    does: 'polls again at once what was answered after GOAWAY, as if the answer had been lost (JDK 17)',
    in: [],
    scenario: { ...calm, faults: [on.polls('drain', [{ goaway: {} }], { first: 2 })] },
    required: {
      [GOAWAY]: 'inconclusive: its library dropped the answer, or it polls in haste',
      'poll-interval': 'inconclusive: its library dropped the answer, or it polls in haste',
      'tasks-settled': 'pass',
    },
    params: { 'poll-interval': { atLeast: '800ms' } },
    // By another clock the repetition is not at once.
    not: ['speed', 'manual'],
    program: dropDrainedAnswers,
  },
  {
    name: 'drained-streams-dropped-by-httpx',
    does: 'uses httpx, which drops what is open on a drained connection, and asks again',
    in: ['python'],
    scenario: { ...calm, faults: [drained] },
    required: { [GOAWAY]: 'fail' },
  },
  {
    name: 'goaway-ignored',
    does: 'opens new streams on a connection after its GOAWAY',
    in: [],
    scenario: { ...calm, faults: [drained] },
    required: { [GOAWAY]: 'fail: new stream' },
    // The service waits for its own clock: the stream may be answered before.
    not: ['speed', 'manual'],
    program: (client) => ignoreGoaway(client),
  },
  {
    name: 'drained-streams-abandoned-and-repeated',
    does: 'abandons its open stream on GOAWAY, and sends it again on a new connection',
    in: ['python'],
    scenario: { ...calm, faults: [drained] },
    required: { [GOAWAY]: 'fail' },
    // The service waits for its own clock: the stream may be answered before.
    not: ['speed', 'manual'],
    program: async (client) => {
      const id = await client.create();
      await abandonOnGoaway(client, id);
      await client.other().follow(id);
    },
  },
  {
    name: 'drained-streams-abandoned-and-others-sent',
    does: 'abandons its open stream on GOAWAY, and goes on with other calls',
    in: [],
    scenario: { ...calm, faults: [drained] },
    required: { [GOAWAY]: 'fail' },
    // The service waits for its own clock: the stream may be answered before.
    not: ['speed', 'manual'],
    program: async (client) => {
      const id = await client.create();
      await abandonOnGoaway(client, id);
      await client.other().list();
    },
  },
  {
    name: 'drained-streams-abandoned-for-good',
    does: 'abandons its open stream on GOAWAY, and never returns',
    in: [],
    scenario: { ...calm, faults: [drained] },
    required: { [GOAWAY]: 'inconclusive: the program may have ended by choice, or lost what it wanted' },
    // The service waits for its own clock: the stream may be answered before.
    not: ['speed', 'manual'],
    program: async (client) => abandonOnGoaway(client, await client.create()),
  },
  {
    name: 'stream-cancelled-on-drained-connection',
    does: 'cancels one of two streams of a drained connection by choice, and waits for the other',
    in: [],
    scenario: { ...calm, faults: [drained, openList] },
    required: { [GOAWAY]: 'pass' },
    // The service waits for its own clock: the stream may be answered before.
    not: ['speed', 'manual'],
    program: async (client) => {
      const id = await client.create();
      const session = await client.connection();
      const drain = new Promise((resolve) => session.once('goaway', resolve));
      const stream = client.stream(session, 'GET', `${TASKS}/${id}`);
      const other = client.list();
      await drain;
      await sleep(100);
      stream.on('error', ignore).close(8);
      await other;
      await client.follow(id);
    },
  },
  {
    name: 'streams-above-the-last-repeated',
    does: 'repeats a poll above the last stream of a GOAWAY on a new connection',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [refusedStreams] },
    required: { [GOAWAY]: 'pass', 'tasks-settled': 'pass' },
    program: follow,
  },
  {
    name: 'streams-above-the-last-dropped',
    does: 'drops a poll above the last stream of a GOAWAY, and goes on with a List',
    in: [],
    scenario: { ...calm, faults: [refusedStreams] },
    required: { [GOAWAY]: 'fail: not repeated' },
    program: async (client) => {
      await client.poll(await client.create()).catch(ignore);
      await sleep(200);
      await client.list();
    },
  },
]);

async function abandonOnGoaway(client: Client, id: string): Promise<void> {
  const session = await client.connection();
  const drain = new Promise((resolve) => session.once('goaway', resolve));
  client.stream(session, 'GET', `${TASKS}/${id}`).on('error', ignore);
  await drain;
  await sleep(50);
  session.destroy();
  await sleep(300);
}

/** Frames by hand: Node's own session opens no stream after a GOAWAY. */
async function ignoreGoaway(client: Client): Promise<void> {
  const headers = client.fieldsFor();
  const path = `${TASKS}/${await client.create()}`;
  const raw = await openRaw();
  raw.get(1, path, headers);
  await raw.goaway;
  await sleep(300);
  raw.get(3, TASKS, headers);
  await sleep(300);
  raw.close();
}

/** Asks again for each answer that came on a connection which has been sent a GOAWAY. */
async function dropDrainedAnswers(client: Client): Promise<void> {
  const id = await client.create();
  for (let status = ''; !['succeeded', 'failed'].includes(status); ) {
    const session = await client.connection();
    status = await client.poll(id);
    if (session.closed || session !== (await client.connection())) status = await client.poll(id);
    await sleep(1_000);
  }
}
