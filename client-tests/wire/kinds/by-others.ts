import { openHttp1Client, writeRequest } from '../../typescript/support/http1.ts';
import { openRawSocket, openTlsSocket } from '../../typescript/support/sockets.ts';
import { TASKS } from '../../typescript/support/tasks.ts';
import type { Kind } from '../scene.ts';
import {
  all,
  answerFin,
  bigAnswer,
  eachHas,
  endByAdmin,
  openH2Socket,
  openStalled,
  openUsed,
  openUsedHttp1,
  openWaiting,
  planned,
  waiting,
} from './deeds.ts';

const byAdmin: readonly Kind[] = [
  ...(['reset', 'fin', 'goaway'] as const).map(
    (how): Kind => ({
      title: `an admin ends it by ${how}`,
      ends: `admin/${how}`,
      async drive(scene) {
        await openUsed(scene);
        await endByAdmin(scene, how);
      },
    }),
  ),
  {
    title: 'an admin ends it by fin, and the client answers by RST',
    ends: 'admin/fin',
    times: 5,
    async drive(scene) {
      const sockets = await openUsedHttp1(scene);
      await endByAdmin(scene, 'fin');
      await all(sockets, async (socket) => {
        await socket.ended();
        socket.reset();
      });
    },
  },
  {
    title: 'an admin ends it by reset, right after the handshake',
    ends: 'admin/reset',
    async drive(scene) {
      await scene.open(openH2Socket);
      await endByAdmin(scene, 'reset');
    },
  },
  {
    title: 'an admin ends it by fin, and the client does not read',
    ends: 'admin/reset',
    times: 2,
    start: { profile: 'permissive', scenario: planned('request', bigAnswer) },
    async drive(scene) {
      await openStalled(scene);
      await endByAdmin(scene, 'fin');
    },
  },
  {
    title: 'an admin ends it by goaway, amid a call',
    ends: 'admin/goaway',
    times: 5,
    start: { profile: 'permissive', ...waiting },
    async drive(scene) {
      await openWaiting(scene);
      await endByAdmin(scene, 'goaway');
      await scene.server.clock.advance(30_000);
    },
  },
  {
    title: 'an admin ends it by goaway, HTTP/1.1',
    ends: 'admin/fin',
    times: 5,
    async drive(scene) {
      const sockets = await openUsedHttp1(scene);
      await endByAdmin(scene, 'goaway');
      await all(sockets, answerFin);
    },
  },
];

const byShutdown: readonly Kind[] = [
  {
    title: 'shutdown',
    ends: 'shutdown/goaway',
    async drive(scene) {
      await openUsed(scene);
      await scene.server.close();
    },
  },
  {
    title: 'shutdown, HTTP/1.1',
    ends: 'shutdown/fin',
    async drive(scene) {
      const sockets = await openUsedHttp1(scene);
      await Promise.all([scene.server.close(), all(sockets, answerFin)]);
    },
  },
  {
    title: 'shutdown of a connection that hangs',
    ends: 'shutdown/reset',
    times: 5,
    start: { scenario: planned('accept', 'hang') },
    async drive(scene) {
      await scene.open(openRawSocket);
      await eachHas(scene, 'connection.hung');
      await scene.server.close();
    },
  },
  {
    title: 'shutdown, and the client does not answer the FIN',
    ends: 'shutdown/reset',
    times: 5,
    async drive(scene) {
      await openUsedHttp1(scene);
      await scene.server.close();
    },
  },
  {
    title: 'shutdown amid a call',
    ends: 'shutdown/reset',
    times: 5,
    start: waiting,
    async drive(scene) {
      await openWaiting(scene);
      await scene.server.close();
    },
  },
];

const byServer: readonly Kind[] = [
  {
    title: 'the lane is over',
    ends: 'server/reset',
    async drive(scene) {
      const lane = await scene.server.openLane({ id: 'past' });
      await lane.close();
      await scene.open((server) => openTlsSocket(server, { alpn: ['h2'], serverName: 'past.localhost' }));
    },
  },
  {
    title: 'a body over the limit, HTTP/1.1',
    ends: 'server/fin',
    drive: async (scene) =>
      all(await scene.open(openHttp1Client), async ({ socket }) => {
        await socket.write(writeRequest('POST', TASKS, { 'content-length': String(2 ** 30) }));
        await answerFin(socket);
      }),
  },
  {
    title: 'an answer of the upstream that breaks off, HTTP/1.1',
    ends: 'upstream/reset',
    upstream: (request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('the first part');
      setImmediate(() => request.socket.destroy());
    },
    drive: async (scene) => all(await scene.open(openHttp1Client), (client) => client.get(TASKS)),
  },
];

/** Ends by an admin, by a shutdown, by the server itself and by an upstream. */
export const byOthers: readonly Kind[] = [...byAdmin, ...byShutdown, ...byServer];
