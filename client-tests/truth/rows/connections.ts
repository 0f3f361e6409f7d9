import http2 from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { calm, cutPolls, dual, on, quick, TASKS } from '../faults.ts';
import { backoff, type Client, ignore, open, retry, sleep } from '../node/client.ts';
import { rowsOf } from '../row.ts';

const REUSE = 'connection-reuse';
const POOL = 'pool-size';
const BEATS = 'heartbeat-interval';
const TRACES = 'trace-propagated';
const ALPN = 'alpn-offered';
const H2C = 'no-h2c';

const follow = async (client: Client) => client.follow(await client.create());
const listTimes = async (client: Client, times: number, everyMs = 20) => {
  for (let n = 0; n < times; n++) {
    await client.list();
    await sleep(everyMs);
  }
};
const traceparent = () => `00-${crypto.randomUUID().replaceAll('-', '')}-00f067aa0ba902b7-01`;
const traced = (client: Client) => client.other({ headers: { traceparent: traceparent() } });
/** Heartbeats are due every second. */
const beating = { ...quick, service: { idle: 'off', heartbeat: { within: '60s' } } } as const;
const everySecond = { [BEATS]: { within: '1s' } };
/** After half a second of silence a connection is reset. */
const idle = { ...quick, service: { idle: { after: '500ms' }, heartbeat: 'off' } } as const;
const place = () => {
  const { hostname, port } = new URL(process.env.SEEDANCE_BASE_URL ?? '');
  return { host: hostname, port: Number(port), servername: hostname };
};
const hello = (ALPNProtocols?: string[]) =>
  new Promise<void>((resolve) => {
    const socket = connectTls({ ...place(), ...(ALPNProtocols && { ALPNProtocols }) });
    socket.on('error', ignore).on('close', () => resolve());
    socket.on('secureConnect', () => setTimeout(() => socket.destroy(), 300));
  });

/** Connections: reuse, pools, heartbeats, traces, ALPN (sections 2, 3 and 5, service rules). */
export const connections = rowsOf([
  {
    name: 'one-connection-for-all',
    does: 'sends twelve calls over one connection',
    in: ['python', 'go'],
    scenario: calm,
    required: { [REUSE]: 'pass', [POOL]: 'pass' },
    program: (client) => listTimes(client, 12),
  },
  {
    name: 'connection-for-each-call',
    does: 'opens a connection for each of twelve calls',
    in: ['python', 'go'],
    scenario: calm,
    required: { [REUSE]: 'fail: too many connections' },
    program: (client) => listTimes(client.other({ pool: 'each' }), 12),
  },
  {
    name: 'goaway-for-each-request',
    does: 'has a perfect pool, and each request is answered with a GOAWAY',
    in: ['go'],
    scenario: { ...calm, faults: [on.all('drain', ['goaway'], { after: 0 })] },
    required: { [REUSE]: ['pass', 'inconclusive: the service ended every connection'] },
    program: (client) => listTimes(client, 8, 60),
  },
  {
    name: 'cut-for-each-request',
    does: 'has a perfect pool, and every second poll is cut',
    in: [],
    scenario: { ...calm, faults: [on.all('cut', [{ end: { at: 'headers' } }], { every: 2, times: 6 })] },
    required: { [REUSE]: ['pass', 'inconclusive: the service ended most connections'] },
    program: async (client) => {
      for (let n = 0; n < 8; n++) await retry(backoff, () => client.list());
    },
  },
  {
    name: 'idle-connection-cut-between-polls',
    does: 'polls every 900 ms, and the idle rule cuts its connection between polls',
    in: ['python', 'go'],
    scenario: { ...idle, tasks: { queued: '100ms', running: '3200ms' } },
    required: {
      [REUSE]: ['pass', 'inconclusive: the idle rule ended every connection'],
      backoff: ['pass', 'inconclusive: no call was cut'],
      'tasks-settled': 'pass',
    },
    // At 20 times the speed the rule leaves 25 ms.
    not: ['speed'],
    program: async (client) => client.follow(await client.create(), { everyMs: 900 }),
  },
  {
    name: 'slow-answer-held-by-pings',
    does: 'waits 1.5 s for an answer and sends a PING every 200 ms, so that the idle rule never strikes',
    in: [],
    scenario: { ...idle, faults: [on.polls('slow', [{ delay: { ms: 1_500 } }])] },
    required: { 'recovers-within': 'pass', 'tasks-settled': 'pass' },
    // A delay of 75 ms is no silence.
    not: ['speed', 'parallel'],
    program: async (client) => {
      await client.connection();
      const beats = setInterval(() => void client.beat(), 200);
      await follow(client);
      clearInterval(beats);
    },
  },
  {
    name: 'slow-answer-cut-and-repeated',
    does: 'waits 1.5 s for an answer in silence, is cut by the idle rule, and asks again',
    in: ['python', 'go'],
    scenario: { ...idle, faults: [on.polls('slow', [{ delay: { ms: 1_500 } }])] },
    required: { 'recovers-within': 'pass', 'tasks-settled': 'pass' },
    not: ['speed', 'parallel'],
    program: follow,
  },
  {
    name: 'slow-answer-cut-and-given-up',
    does: 'waits 1.5 s for an answer in silence, is cut by the idle rule, and gives up',
    in: ['python'],
    scenario: { ...idle, faults: [on.polls('slow', [{ delay: { ms: 1_500 } }])] },
    required: { 'recovers-within': 'fail: gave up' },
    not: ['speed', 'parallel'],
    program: async (client) => client.poll(await client.create()).catch(ignore),
  },
  {
    name: 'never-idle',
    does: 'is never idle for as long as the rule allows, so that nothing would have been cut',
    in: [],
    scenario: { ...quick, service: { idle: { after: '8s' } } },
    required: { 'recovers-within': 'inconclusive: nothing failed, and nothing would have' },
    not: ['speed', 'manual'],
    program: follow,
  },
  {
    name: 'cut-by-the-accelerated-rule',
    does: 'polls every 600 ms, which the idle rule of 8 s allows',
    in: ['go'],
    scenario: { ...quick, tasks: { queued: '100ms', running: '2000ms' } },
    required: { backoff: 'inconclusive: nothing failed', 'tasks-settled': 'pass' },
    modes: { speed: { backoff: 'inconclusive: the accelerated idle rule cut the connection' } },
    program: async (client) => client.follow(await client.create(), { everyMs: 600 }),
  },
  {
    name: 'two-connections-in-pool',
    does: 'keeps two connections open at a time',
    in: [],
    scenario: calm,
    required: { [POOL]: 'pass' },
    program: async (client) => {
      await Promise.all([client, client.other()].map((one) => listTimes(one, 4)));
    },
  },
  {
    name: 'twelve-connections-at-once',
    does: 'keeps twelve HTTP/2 connections open at a time, where eight are allowed',
    in: ['python', 'go'],
    scenario: calm,
    required: { [POOL]: ['fail: too large', 'inconclusive: it may be one pool, or several replicas with one API key'] },
    program: async (client) => {
      await Promise.all(Array.from({ length: 12 }, async () => listTimes(client.other(), 3, 200)));
    },
  },
  {
    name: 'twelve-connections-under-one-id',
    does: 'keeps twelve connections open at a time, and says by `x-client-id` that it is one client',
    in: [],
    scenario: calm,
    required: { [POOL]: 'fail: too large' },
    needs: ['clients.by'],
    not: ['copies'],
    program: async (client) => {
      const headers = { 'x-client-id': 'one-pool' };
      await Promise.all(Array.from({ length: 12 }, async () => listTimes(client.other({ headers }), 3, 200)));
    },
  },
  {
    name: 'two-replicas-with-one-key',
    does: 'is two replicas with one API key and six connections each',
    in: [],
    scenario: calm,
    processes: 2,
    required: { [POOL]: 'inconclusive: it may be one pool, or several replicas with one API key' },
    program: async (client) => {
      const headers = { authorization: 'Bearer ark-truth-shared' };
      await Promise.all(Array.from({ length: 6 }, async () => listTimes(client.other({ headers }), 8, 300)));
    },
  },
  {
    name: 'pool-replaced-on-goaway',
    does: 'replaces each of its six connections when it is drained, before its last answer is there',
    in: [],
    scenario: {
      ...calm,
      faults: [on.all('drain', [{ goaway: { graceful: true } }, { delay: { ms: 300 } }], { first: 6 })],
    },
    required: { [POOL]: 'pass' },
    program: async (client) => {
      const pool = Array.from({ length: 6 }, () => client.other());
      const sessions = await Promise.all(pool.map((one) => one.connection()));
      const drained = sessions.map((session) => new Promise((resolve) => session.once('goaway', resolve)));
      const slow = pool.map((one) => one.list());
      await Promise.all(drained);
      await Promise.all(pool.map((one) => one.list()));
      await Promise.all(slow);
    },
  },
  {
    name: 'beats-in-time',
    does: 'sends a PING with its time every 300 ms, where one is due every second',
    in: ['python'],
    scenario: beating,
    required: { [BEATS]: 'pass' },
    params: everySecond,
    program: async (client) => {
      await client.list();
      for (let n = 0; n < 8; n++) {
        await client.beat();
        await sleep(300);
      }
    },
  },
  {
    name: 'beats-by-header',
    does: 'sends `x-client-timestamp` with a call every 300 ms',
    in: ['python', 'go'],
    scenario: beating,
    required: { [BEATS]: 'pass' },
    params: everySecond,
    program: async (client) => {
      for (let n = 0; n < 8; n++) {
        await client.list('', { headers: { 'x-client-timestamp': String(Date.now()) } });
        await sleep(300);
      }
    },
  },
  {
    name: 'beats-without-a-time',
    does: 'sends `x-client-timestamp: now` with a call every 300 ms',
    in: [],
    scenario: beating,
    required: { [BEATS]: 'inconclusive: the mock takes a time that it cannot read by its arrival' },
    params: everySecond,
    program: async (client) => {
      for (let n = 0; n < 8; n++) {
        await client.list('', { headers: { 'x-client-timestamp': 'now' } });
        await sleep(300);
      }
    },
  },
  {
    name: 'beats-by-endpoint',
    does: 'posts its time to `/heartbeat` every 300 ms',
    in: ['go'],
    scenario: beating,
    required: { [BEATS]: 'pass' },
    params: everySecond,
    program: async (client) => {
      for (let n = 0; n < 8; n++) {
        await client.send('POST', '/api/v3/heartbeat', { body: { timestamp: Date.now() } });
        await sleep(300);
      }
    },
  },
  {
    name: 'beats-missing',
    does: 'keeps a connection busy for 2.5 s without a heartbeat',
    in: ['python', 'go'],
    scenario: beating,
    required: { [BEATS]: 'fail: missing' },
    params: everySecond,
    program: (client) => listTimes(client, 8, 300),
  },
  {
    name: 'beats-too-rare',
    does: 'sends a heartbeat every 1.8 s, where one is due every second',
    in: ['python'],
    scenario: beating,
    required: { [BEATS]: 'fail: too rare' },
    params: everySecond,
    program: async (client) => {
      await client.list();
      for (let n = 0; n < 2; n++) {
        await client.beat();
        await sleep(1_800);
      }
    },
  },
  {
    name: 'beats-with-a-skewed-clock',
    does: 'sends heartbeats in time, and its clock is 31 s behind',
    in: [],
    scenario: { ...beating, service: { idle: 'off', heartbeat: { within: '60s' } } },
    required: { [BEATS]: 'fail: skewed clock' },
    params: { [BEATS]: { within: '1s', skew: '5s' } },
    // At 20 times the speed, or by hand, the two clocks part by themselves.
    not: ['speed', 'manual'],
    program: async (client) => {
      await client.list();
      for (let n = 0; n < 6; n++) {
        await client.beat(31_000);
        await sleep(300);
      }
    },
  },
  {
    name: 'traces-on-all',
    does: 'sends a trace id with every request',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [cutPolls(1)] },
    required: { [TRACES]: 'pass' },
    program: (client) => follow(traced(client)),
  },
  {
    name: 'traces-on-none',
    does: 'sends no trace id',
    in: ['python'],
    scenario: calm,
    required: { [TRACES]: 'fail: no trace' },
    program: follow,
  },
  {
    name: 'traces-lost-on-retries',
    does: 'sends a trace id with first attempts, and none with retries',
    in: ['go'],
    scenario: { ...calm, faults: [cutPolls(2)] },
    required: { [TRACES]: 'fail: no trace' },
    program: async (client) => {
      const id = await traced(client).create();
      await retry(backoff, (n) => (n === 1 ? traced(client) : client).poll(id));
      await traced(client).follow(id);
    },
  },
  {
    name: 'download-without-trace',
    does: 'traces all calls of the API, and downloads from the signed storage URL without a trace id',
    in: ['python', 'go'],
    scenario: calm,
    required: { [TRACES]: 'pass' },
    program: async (client) => {
      const api = traced(client);
      const id = await api.create();
      await api.follow(id);
      const { storage, path } = await api.videoOf(id);
      await storage.send('GET', path);
    },
  },
  {
    name: 'preflight-and-heartbeat-without-trace',
    does: 'traces all calls of the API; preflights and `/heartbeat` carry no trace id',
    in: [],
    scenario: calm,
    required: { [TRACES]: 'pass' },
    program: async (client) => {
      await client.send('OPTIONS', TASKS, {
        headers: { origin: 'https://shop.test', 'access-control-request-method': 'POST' },
      });
      await client.send('POST', '/api/v3/heartbeat', { body: { timestamp: Date.now() } });
      await follow(traced(client));
    },
  },
  {
    name: 'h2-offered',
    does: 'offers h2 by ALPN',
    in: ['python', 'go'],
    scenario: calm,
    required: { [ALPN]: 'pass', [H2C]: 'pass' },
    program: (client) => client.list(),
  },
  {
    name: 'h2-and-http1-offered',
    does: 'offers h2 and http/1.1 by ALPN, where nothing but h2 is allowed',
    in: ['go'],
    scenario: calm,
    required: { [ALPN]: 'fail: too much' },
    params: { [ALPN]: { protocols: ['h2'], only: true } },
    not: ['parallel', 'copies'],
    program: () => hello(['h2', 'http/1.1']),
  },
  {
    name: 'no-alpn',
    does: 'offers no protocol by ALPN (row B12)',
    in: ['python'],
    scenario: calm,
    required: { [ALPN]: 'fail: no ALPN' },
    not: ['parallel', 'copies'],
    program: () => hello(),
  },
  {
    name: 'http1-offered-alone',
    does: 'offers http/1.1 alone, as Python’s httpx does',
    in: ['python', 'go'],
    scenario: calm,
    required: { [ALPN]: 'fail: not offered' },
    not: ['parallel', 'copies'],
    program: () => hello(['http/1.1']),
  },
  {
    name: 'h2c-offered',
    does: 'offers h2c and http/1.1 by ALPN (row B13)',
    in: [],
    scenario: calm,
    required: { [ALPN]: 'fail: not offered', [H2C]: 'fail: h2c' },
    not: ['parallel', 'copies'],
    program: () => hello(['h2c', 'http/1.1']),
  },
  {
    name: 'h2c-by-prior-knowledge',
    does: 'speaks HTTP/2 in clear text by prior knowledge (row A4)',
    in: ['python'],
    scenario: calm,
    required: { [H2C]: 'fail: h2c' },
    not: ['parallel', 'copies'],
    program: () =>
      new Promise<void>((resolve) => {
        const { host, port } = place();
        const socket = connectTcp(port, host);
        socket.on('error', ignore).on('close', () => resolve());
        socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      }),
  },
  {
    name: 'http1-pool-of-twenty',
    does: 'sends twenty calls at a time over HTTP/1.1, a connection each, where sixteen are allowed',
    in: ['python', 'go'],
    scenario: {
      ...dual,
      service: { ...dual.service, alpn: { offer: ['http/1.1'] } },
      faults: [on.all('slow', [{ delay: { ms: 2_000 } }], { after: 0 })],
    },
    required: { [POOL]: ['fail: too large', 'inconclusive: it may be one pool, or several replicas with one API key'] },
    not: ['speed'],
  },
  {
    name: 'http1-pool-of-four',
    does: 'sends twelve calls over a pool of four HTTP/1.1 connections',
    in: ['python', 'go'],
    scenario: { ...dual, service: { ...dual.service, alpn: { offer: ['http/1.1'] } } },
    required: { [POOL]: 'pass', [REUSE]: ['pass', 'inconclusive: too few calls'] },
    params: { [REUSE]: { atLeast: 0.5 } },
  },
  {
    name: 'idle-spare-connection-cut',
    does: 'keeps a spare connection that the idle rule cuts, and misses it on no call',
    in: [],
    scenario: idle,
    required: { backoff: 'inconclusive: no call was cut', 'recovers-within': 'inconclusive: no call was cut' },
    not: ['speed', 'manual'],
    program: async (client) => {
      const spare = await open();
      spare.on('error', ignore);
      await follow(client);
    },
  },
  {
    name: 'resumed-session-repeats-a-create',
    does: 'repeats a lost create on a connection that resumes its TLS session',
    in: [],
    scenario: { ...calm, faults: [on.creates('the answer is lost', [{ end: { at: 'after-commit' } }])] },
    required: { 'no-duplicate-creates': 'fail: duplicate' },
    program: async (client) => {
      const session = await client.connection();
      const ticket = new Promise<Buffer>((resolve) => session.socket.once('session', resolve));
      await client.list();
      const tls = { session: await ticket };
      await client.create().catch(ignore);
      await follow(client.other({ tls }));
    },
  },
  {
    name: 'settings-only',
    does: 'opens a connection, sends its SETTINGS, asks for nothing, and goes',
    in: [],
    scenario: calm,
    required: {
      [REUSE]: 'inconclusive: too few calls',
      'recovers-within': 'inconclusive: nothing failed',
      'no-duplicate-creates': 'inconclusive: no task was created',
    },
    not: ['parallel', 'copies'],
    program: async () => {
      const session = http2.connect(new URL(process.env.SEEDANCE_BASE_URL ?? '').origin);
      await new Promise((resolve) => session.once('remoteSettings', resolve));
      session.close();
    },
  },
]);
