import type { StartOptions } from '../../../server/index.ts';
import { openClient } from '../../typescript/support/client.ts';
import { openHttp1Client, writeRequest } from '../../typescript/support/http1.ts';
import { openRawHttp2 } from '../../typescript/support/raw-http2.ts';
import { makeClientHello, openRawSocket, openTlsSocket, type WireSocket } from '../../typescript/support/sockets.ts';
import { TASKS } from '../../typescript/support/tasks.ts';
import type { Kind } from '../scene.ts';
import {
  all,
  answerFin,
  bigAnswer,
  eachHas,
  endByAdmin,
  get,
  openH2Socket,
  openStalled,
  openUsed,
  openUsedHttp1,
  openWaiting,
  planned,
  waiting,
} from './deeds.ts';

/** Long enough for the server to look at all connections, in a time that stands still. */
const LOOK_MS = 2_000;
const hanging: StartOptions = {
  profile: 'permissive',
  scenario: planned('request', { end: { at: 'headers', how: 'hang' } }),
};

const silent: StartOptions = { scenario: planned('accept', 'hang') };
/** RFC 9113, sections 6.8 and 7: last stream 0, code 8. */
const GOAWAY_CANCEL = Buffer.from('0000000000000008', 'hex');

/** Sends a ClientHello and waits for the server's part of the handshake. */
async function sayHello(socket: WireSocket, version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<void> {
  await socket.write(await makeClientHello({ alpn: ['h2'], version }));
  await socket.until(() => socket.bytesRead > 0);
}

const orderly: readonly Kind[] = [
  {
    title: 'GOAWAY and FIN',
    ends: 'client/goaway',
    drive: async (scene) => all(await openUsed(scene), (client) => client.close()),
  },
  {
    title: 'GOAWAY, and FIN once the server has sent its own',
    ends: 'client/goaway',
    drive: async (scene) =>
      all(await scene.open(openRawHttp2), async (client) => {
        await client.send('GOAWAY', { payload: Buffer.alloc(8) });
        await answerFin(client.socket);
      }),
  },
  {
    title: 'GOAWAY with an error code, and FIN',
    ends: 'client/goaway',
    times: 5,
    drive: async (scene) =>
      all(await scene.open(openRawHttp2), async (client) => {
        await client.send('GOAWAY', { payload: GOAWAY_CANCEL });
        client.socket.finish();
      }),
  },
  {
    title: 'GOAWAY and FIN amid a call',
    ends: 'client/goaway',
    start: waiting,
    drive: async (scene) => all(await openWaiting(scene), (client) => client.close()),
  },
  {
    title: 'GOAWAY and FIN while a call hangs',
    ends: 'client/goaway',
    times: 5,
    start: hanging,
    async drive(scene) {
      const clients = await scene.open(openClient);
      for (const client of clients) void get(client);
      await eachHas(scene, 'response.abandoned');
      await all(clients, (client) => client.close());
    },
  },
  {
    title: 'FIN below TLS',
    ends: 'client/fin',
    drive: async (scene) => all(await openUsed(scene), (client) => client.finish()),
  },
  {
    title: 'FIN below TLS amid a call',
    ends: 'client/fin',
    times: 5,
    start: waiting,
    drive: async (scene) => all(await openWaiting(scene), (client) => client.finish()),
  },
  {
    title: 'close_notify and FIN right after the handshake',
    ends: 'client/fin',
    drive: async (scene) => all(await scene.open(openH2Socket), (socket) => socket.finish()),
  },
  {
    title: 'FIN before anything was said',
    ends: 'client/fin',
    times: 5,
    drive: async (scene) => all(await scene.open(openRawSocket), (socket) => socket.finish()),
  },
  {
    title: 'FIN amid the handshake',
    ends: 'client/fin',
    times: 5,
    drive: async (scene) =>
      all(await scene.open(openRawSocket), async (socket) => {
        await sayHello(socket);
        socket.finish();
      }),
  },
  {
    title: 'FIN for a certificate that the client does not trust',
    ends: 'client/fin',
    times: 5,
    drive: (scene) => scene.open((server) => openTlsSocket({ ...server, ca: '' }, { alpn: ['h2'] })),
  },
  {
    title: 'FIN on HTTP/1.1',
    ends: 'client/fin',
    times: 5,
    drive: async (scene) => all(await openUsedHttp1(scene), (socket) => socket.finish()),
  },
  {
    title: 'FIN right behind a request, HTTP/1.1',
    ends: 'client/fin',
    times: 5,
    drive: async (scene) =>
      all(await scene.open(openHttp1Client), async ({ socket }) => {
        await socket.write(writeRequest('GET', TASKS));
        socket.finish();
      }),
  },
  {
    title: 'FIN below TLS amid a call, HTTP/1.1',
    ends: 'client/fin',
    times: 5,
    start: waiting,
    async drive(scene) {
      const sockets = await openUsedHttp1(scene);
      await all(sockets, (socket) => socket.write(writeRequest('POST', TASKS)));
      await eachHas(scene, 'fault.injected');
      for (const socket of sockets) socket.finishBelowTls();
    },
  },
  {
    title: 'FIN while the service says nothing',
    ends: 'client/fin',
    times: 3,
    start: silent,
    async drive(scene) {
      const sockets = await scene.open(openRawSocket);
      await eachHas(scene, 'connection.hung');
      for (const socket of sockets) socket.finish();
    },
  },
  ...['HTTP/1.1', 'HTTP/1.0'].map(
    (version): Kind => ({
      title: `the client asks for the end of the connection, ${version}`,
      ends: 'client/fin',
      times: 5,
      drive: async (scene) =>
        all(await scene.open(openHttp1Client), async ({ socket }) => {
          const request = writeRequest('GET', TASKS, version === 'HTTP/1.1' ? { connection: 'close' } : {});
          await socket.write(request.replace('HTTP/1.1', version));
          await answerFin(socket);
        }),
    }),
  ),
];

const resets: readonly Kind[] = [
  {
    title: 'RST after a call',
    ends: 'client/reset',
    drive: async (scene) => all(await openUsed(scene), (client) => client.reset()),
  },
  {
    title: 'RST amid a call',
    ends: 'client/reset',
    start: waiting,
    drive: async (scene) => all(await openWaiting(scene), (client) => client.reset()),
  },
  {
    title: 'RST right behind three calls',
    ends: 'client/reset',
    async drive(scene) {
      await all(await scene.open(openClient), async (client) => {
        for (let call = 0; call < 3; call++) void get(client);
        // node:http2 sends what it has at the end of this turn of the loop.
        await new Promise((resolve) => setImmediate(resolve));
        await client.reset();
      });
      await scene.server.clock.advance(LOOK_MS);
    },
  },
  {
    title: 'RST amid the handshake',
    ends: 'client/reset',
    times: 5,
    drive: async (scene) =>
      all(await scene.open(openRawSocket), async (socket) => {
        await sayHello(socket);
        socket.reset();
      }),
  },
  {
    title: 'RST before anything was said',
    ends: 'client/reset',
    times: 5,
    async drive(scene) {
      const sockets = await scene.open(openRawSocket);
      // Of a connection that was reset before it was accepted, the kernel names no peer.
      await eachHas(scene, 'connection.opened');
      for (const socket of sockets) socket.reset();
    },
  },
  {
    title: 'RST on HTTP/1.1',
    ends: 'client/reset',
    times: 5,
    drive: async (scene) => all(await openUsedHttp1(scene), (socket) => socket.reset()),
  },
  {
    title: 'RST while a call hangs',
    ends: 'client/reset',
    times: 5,
    start: hanging,
    async drive(scene) {
      const clients = await scene.open(openClient);
      for (const client of clients) void get(client);
      await eachHas(scene, 'response.abandoned');
      await all(clients, (client) => client.reset());
      await scene.server.clock.advance(LOOK_MS);
    },
  },
  {
    title: 'RST while the service says nothing',
    ends: 'client/reset',
    times: 3,
    start: silent,
    async drive(scene) {
      const sockets = await scene.open(openRawSocket);
      await eachHas(scene, 'connection.hung');
      for (const socket of sockets) socket.reset();
    },
  },
  {
    title: 'RST amid a call, after the GOAWAY of an admin',
    ends: 'client/reset',
    times: 3,
    start: waiting,
    async drive(scene) {
      const clients = await openWaiting(scene);
      await endByAdmin(scene, 'goaway');
      await all(clients, (client) => client.reset());
    },
  },
  {
    title: 'RST of a client that closes its socket and has not read all',
    ends: 'client/reset',
    times: 3,
    start: { profile: 'permissive', scenario: planned('request', bigAnswer) },
    async drive(scene) {
      const clients = await openStalled(scene);
      await all(clients, (client) => client[Symbol.asyncDispose]());
      await scene.server.clock.advance(LOOK_MS);
    },
  },
  {
    title: 'RST amid answers that the client does not read',
    ends: 'client/reset',
    times: 3,
    start: { profile: 'permissive', scenario: planned('request', bigAnswer) },
    async drive(scene) {
      const clients = await openStalled(scene);
      await all(clients, ({ socket }) => socket.reset());
      await scene.server.clock.advance(LOOK_MS);
    },
  },
];

/** Application data of 32 bytes, all of them 0 (RFC 8446, section 5.2). */
const UNREADABLE_RECORD = Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32)]);
/** A fatal alert, unknown_ca (RFC 8446, section 6). */
const UNKNOWN_CA = Buffer.from('15030300020230', 'hex');

const errors: readonly Kind[] = [
  {
    title: 'a TLS record that cannot be decrypted',
    ends: 'client/error',
    times: 5,
    drive: async (scene) => all(await scene.open(openH2Socket), (socket) => socket.writeBelowTls(UNREADABLE_RECORD)),
  },
  {
    title: 'a TLS alert',
    ends: 'client/error',
    times: 5,
    drive: async (scene) =>
      all(await scene.open(openRawSocket), async (socket) => {
        await sayHello(socket, 'TLSv1.2');
        await socket.write(UNKNOWN_CA);
      }),
  },
  {
    title: 'TLS 1.1',
    ends: 'client/error',
    times: 5,
    drive: (scene) => scene.open((server) => openTlsSocket(server, { alpn: ['h2'], version: 'TLSv1.1' })),
  },
  {
    title: 'a breach of HTTP/2',
    ends: 'client/error',
    times: 5,
    drive: async (scene) =>
      all(await scene.open(openRawHttp2), async (client) => {
        await client.send('DATA', { payload: Buffer.of(1) });
        await answerFin(client.socket);
      }),
  },
  {
    title: 'HTTP/1.1 where h2 was agreed on',
    ends: 'client/error',
    times: 5,
    drive: async (scene) =>
      all(await scene.open(openH2Socket), async (socket) => {
        await socket.write(writeRequest('GET', TASKS));
        await answerFin(socket);
      }),
  },
  {
    title: 'what is not HTTP/1.1',
    ends: 'client/error',
    times: 5,
    drive: async (scene) =>
      all(await openUsedHttp1(scene), async (socket) => {
        await socket.write('GET /\u0001 HTTP/1.1\r\n\r\n');
        await answerFin(socket);
      }),
  },
];

/** Ends that the client brings about. */
export const byClients: readonly Kind[] = [...orderly, ...resets, ...errors];
