import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { bundledScenarios, readScenario } from '../../server/scenario/bundled.ts';
import { downloadVideo, endCommand } from './support/downloads.ts';
import { ignore, makeHardened, naiveOn } from './support/judged-clients.ts';
import {
  type Act,
  answered,
  beatsLate,
  confirmsCallbacks,
  downloads,
  downloadsWithin,
  expectsProgress,
  followsRedirects,
  hardenedDriven,
  ignoresGoaway,
  impatient,
  leavesAfter,
  leavesFin,
  listens,
  listensAndPolls,
  naiveFor,
  opensAtOnce,
  pass,
  poolsCalls,
  trustsAnybody,
} from './support/scene-clients.ts';

/** How a scenario is shown: by a client that fails it, and one that passes. */
interface Shown {
  /** Left out, the naive reference client, which makes one video. */
  readonly naive?: Act;
  /** Left out, the hardened one. */
  readonly hardened?: Act;
}

const refuses = (response: ServerResponse) => void response.writeHead(500).end();
/** Takes no callback for a task that it knows to be over. */
const inOrder = () => {
  let over = false;
  return (response: ServerResponse, call: number) => {
    response.writeHead(over ? 409 : 204).end();
    over ||= call === 2;
  };
};
const oneVideo: Shown = {};

const shown: Readonly<Record<string, Shown>> = {
  'accept-hang': { naive: naiveFor(20_000), hardened: hardenedDriven() },
  certificate: { naive: trustsAnybody },
  'corrupt-callbacks': { naive: listens({ until: answered('succeeded') }), hardened: confirmsCallbacks },
  'expired-url': { naive: downloads({ renews: false }), hardened: downloads({ renews: true }) },
  garbage: { naive: naiveFor(20_000), hardened: hardenedDriven() },
  'half-close': { naive: leavesFin },
  'mixed-up-callbacks': { naive: listens({ until: answered('succeeded') }), hardened: confirmsCallbacks },
  'silent-answer': { naive: naiveFor(100_000), hardened: hardenedDriven() },
  'tls-slow': { naive: naiveFor(40_000), hardened: hardenedDriven() },
  'accept-reset': oneVideo,
  'alpn-select': oneVideo,
  'async-degraded': oneVideo,
  'callbacks-financial': {
    naive: listens({ answer: refuses, until: (server) => pass(server, 20_000) }),
    hardened: listensAndPolls(refuses),
  },
  'callbacks-operational': {
    naive: listens({ answer: refuses, until: (server) => pass(server, 200_000) }),
    hardened: listens({
      answer: (response, call) => void response.writeHead(call <= 3 ? 500 : 204).end(),
      until: answered('succeeded'),
    }),
  },
  'corrupt-answers': oneVideo,
  'cut-download': {
    naive: async (server) => {
      await downloadVideo(server, 1);
      endCommand(server, 0);
    },
    hardened: (server) => downloadVideo(server, 2),
  },
  'delay-frame': oneVideo,
  'delayed-queue': { naive: leavesAfter(20) },
  'dispatcher-starved': oneVideo,
  'dispatcher-tuned': oneVideo,
  'dual-stack': oneVideo,
  'empty-create': oneVideo,
  'false-refusal': oneVideo,
  'far-away': { naive: naiveFor(60_000), hardened: hardenedDriven() },
  'fin-unanswered': oneVideo,
  'frozen-line': {
    naive: impatient(1_000, { idleMs: 2_500 }),
    hardened: hardenedDriven({ idleMs: 2_500 }),
  },
  'full-queue': oneVideo,
  'grpc-data-frame-padding': oneVideo,
  'grpc-goaway': { naive: ignoresGoaway },
  'grpc-no-df-padding-sanity': oneVideo,
  'grpc-rst-after-data': oneVideo,
  'grpc-rst-after-header': oneVideo,
  'grpc-rst-during-data': oneVideo,
  'h2-fallback': oneVideo,
  'late-callbacks': {
    naive: listens({ answer: inOrder(), until: answered('running', 409) }),
    hardened: listens({ until: answered('running') }),
  },
  'latency-tail': { naive: impatient(100), hardened: hardenedDriven() },
  'limits-individual': oneVideo,
  'lost-callbacks': {
    naive: listens({ until: (server) => pass(server, 20_000) }),
    hardened: listensAndPolls(),
  },
  'media-fetched': oneVideo,
  'no-tickets': oneVideo,
  permissive: oneVideo,
  'poll-reset': { naive: naiveFor(60_000), hardened: hardenedDriven() },
  'pool-exhausted': { naive: opensAtOnce(6), hardened: poolsCalls(12) },
  'pool-limit': { naive: opensAtOnce(6), hardened: poolsCalls(12) },
  'raw-frame': oneVideo,
  'receiver-times-out': {
    naive: listens({ answer: () => {}, until: (server) => pass(server, 60_000) }),
    hardened: listensAndPolls(),
  },
  'redirect-loop': { naive: followsRedirects },
  refused: oneVideo,
  'refused-stream': oneVideo,
  'regressing-task': { naive: expectsProgress },
  'reordered-callbacks': {
    naive: listens({ answer: inOrder(), until: answered('running', 409) }),
    hardened: listens({ until: answered('running') }),
  },
  'skewed-clock': { naive: beatsLate },
  'slow-answer': { naive: impatient(1_000), hardened: hardenedDriven() },
  'slow-download': { naive: downloadsWithin(2_000, 1), hardened: downloadsWithin(600_000, 1) },
  'slow-task': oneVideo,
  'small-segments': oneVideo,
  'task-fails': {
    hardened: async (server) => {
      await makeHardened(server);
      await makeHardened(server);
    },
  },
  'task-stuck': { naive: leavesAfter(20) },
  'thin-line': { naive: impatient(20), hardened: hardenedDriven() },
  'tls-alert': oneVideo,
  'tls-cut': oneVideo,
  'tls-version': oneVideo,
  'unsteady-download': { naive: downloadsWithin(600_000, 1), hardened: downloadsWithin(600_000, 2) },
  'vanished-task': oneVideo,
  'worker-lost': oneVideo,
  'wrong-headers': oneVideo,
  'wrong-length': oneVideo,
};

const FRAMES = 'the HTTP/2 engine will show what the client does with single frames';
const DNS = 'no connection shows what the client asks a name server, and when';

/** Scenarios that expect nothing yet, and why. */
const expectingNothing: Readonly<Record<string, string>> = {
  'continuation-flood': FRAMES,
  'corrupt-frame': FRAMES,
  'dns-flap': DNS,
  'dns-nxdomain': DNS,
  'dns-servfail': DNS,
  'dns-silence': DNS,
  'dns-slow': DNS,
  'dns-truncate': DNS,
  'dns-wrong-address': DNS,
  'drop-frame': FRAMES,
  'grpc-max-streams': FRAMES,
  'grpc-ping': FRAMES,
  'header-bomb': FRAMES,
  'max-streams': FRAMES,
  'ping-flood': FRAMES,
  'ping-silence': FRAMES,
  settings: FRAMES,
  'settings-flood': FRAMES,
  'window-stall': FRAMES,
};

test('every bundled scenario says what it expects, but for those that are listed', () => {
  const silent = bundledScenarios().filter(({ file }) => readScenario(file).expect.length === 0);
  expect(silent.map(({ name }) => name).toSorted()).toEqual(Object.keys(expectingNothing).toSorted());
});

describe.each(Object.entries(shown))('%s', (scenario, { naive, hardened = makeHardened }) => {
  const start = () => startMockServer({ clock: 'manual', seed: readScenario(scenario).seed ?? 7, scenario });

  test('a naive client fails', async () => {
    await using server = await start();
    await (naive ?? ((on) => naiveOn(on).makeVideo()))(server).catch(ignore);
    expect((await server.verdict()).outcome).toBe('fail');
  });

  test('a hardened one passes', async () => {
    await using server = await start();
    await hardened(server).catch(ignore);
    (await server.verdict()).assertPassed();
  });
});
