import { openClient } from '../../typescript/support/client.ts';
import { openHttp1Client, writeRequest } from '../../typescript/support/http1.ts';
import { makeClientHello, openRawSocket } from '../../typescript/support/sockets.ts';
import { TASKS, textOnly } from '../../typescript/support/tasks.ts';
import type { Kind } from '../scene.ts';
import { all, answerFin, bigAnswer, get, openH2Socket, openStalled, planned, post } from './deeds.ts';

const LAST = `${TASKS}/last`;
const places = ['before-commit', 'after-commit', 'headers', { bodyBytes: 10 }] as const;
const hows = ['reset', 'fin'] as const;
const cuts = places.flatMap((at) => hows.map((how) => ({ at, how, place: typeof at === 'string' ? at : 'body' })));

const amidCalls: readonly Kind[] = [
  ...cuts.map(
    ({ at, how, place }): Kind => ({
      title: `end by ${how} at ${place}, HTTP/2`,
      ends: `fault/${how}`,
      times: 5,
      start: { scenario: planned('request', { end: { at, how } }) },
      drive: async (scene) => all(await scene.open(openClient), post),
    }),
  ),
  ...cuts.map(
    ({ at, how, place }): Kind => ({
      title: `end by ${how} at ${place}, HTTP/1.1`,
      ends: `fault/${how}`,
      times: 3,
      start: { scenario: planned('request', { end: { at, how } }) },
      drive: async (scene) =>
        all(await scene.open(openHttp1Client), async (client) => {
          await client.post(TASKS, textOnly);
          if (how === 'fin') await answerFin(client.socket);
        }),
    }),
  ),
  {
    title: 'end by fin of a client that does not read',
    ends: 'fault/reset',
    times: 2,
    start: {
      profile: 'permissive',
      scenario: {
        faults: [
          { name: 'big', on: 'request', inject: [bigAnswer] },
          { name: 'cut', on: 'request', match: { path: LAST }, inject: [{ end: { at: 'headers', how: 'fin' } }] },
        ],
      },
    },
    drive: (scene) => openStalled(scene, LAST),
  },
];

const goaways: readonly Kind[] = [
  ...(['request', 'response', 'session'] as const).map(
    (on): Kind => ({
      title: `goaway on ${on}`,
      ends: 'fault/goaway',
      times: 4,
      start: { scenario: planned(on, { goaway: {} }) },
      drive: async (scene) => all(await scene.open(openClient), get),
    }),
  ),
  {
    title: 'goaway that is graceful',
    ends: 'fault/goaway',
    times: 4,
    start: { scenario: planned('request', { goaway: { graceful: true } }) },
    drive: async (scene) => all(await scene.open(openClient), get),
  },
  {
    title: 'goaway that admits no stream',
    ends: 'fault/goaway',
    times: 4,
    start: { scenario: planned('request', { goaway: { lastStreamId: 0, code: 'ENHANCE_YOUR_CALM' } }) },
    drive: async (scene) => all(await scene.open(openClient), get),
  },
  {
    title: 'goaway on HTTP/1.1',
    ends: 'fault/fin',
    times: 3,
    start: { scenario: planned('request', { goaway: {} }) },
    drive: async (scene) =>
      all(await scene.open(openHttp1Client), async (client) => {
        await client.get(TASKS);
        await answerFin(client.socket);
      }),
  },
];

const beforeHttp: readonly Kind[] = [
  {
    title: 'reset on accept',
    ends: 'fault/reset',
    times: 3,
    start: { scenario: planned('accept', 'reset') },
    drive: (scene) => scene.open(openRawSocket),
  },
  {
    title: 'limit',
    ends: 'fault/reset',
    times: 3,
    start: { scenario: planned('accept', { limit: { max: 0 } }) },
    drive: (scene) => scene.open(openH2Socket),
  },
  {
    title: 'half-close',
    ends: 'fault/fin',
    times: 3,
    start: { scenario: planned('accept', { 'half-close': { afterBytes: 2_700 } }) },
    drive: async (scene) =>
      all(await scene.open(openHttp1Client), async ({ socket }) => {
        await socket.write(writeRequest('GET', TASKS));
        await answerFin(socket);
      }),
  },
  ...(['client-hello', 'server-hello', 'finished'] as const).flatMap((at) =>
    hows.map(
      (how): Kind => ({
        title: `tls-cut by ${how} at ${at}`,
        ends: `fault/${how}`,
        times: 3,
        start: { scenario: planned('handshake', { 'tls-cut': { at, how } }) },
        async drive(scene) {
          const sockets = await scene.open(openH2Socket);
          if (how === 'fin') await all(sockets, answerFin);
        },
      }),
    ),
  ),
  ...hows.flatMap((how) =>
    [{ 'tls-alert': { description: 'internal_error', how } }, { garbage: { bytes: 100, how } }].map(
      (inject): Kind => ({
        title: `${Object.keys(inject).join()} by ${how}`,
        ends: `fault/${how}`,
        times: 3,
        start: { scenario: planned('handshake', inject) },
        // Not a client with TLS, which may close its side as soon as it has read the answer.
        drive: async (scene) =>
          all(await scene.open(openRawSocket), async (socket) => {
            await socket.write(await makeClientHello({ alpn: ['h2'] }));
            if (how === 'fin') await answerFin(socket);
          }),
      }),
    ),
  ),
];

/** Ends that a scenario plans. */
export const byFaults: readonly Kind[] = [...amidCalls, ...goaways, ...beforeHttp];
