import type { StartOptions } from '../../../server/index.ts';
import { writeRequest } from '../../typescript/support/http1.ts';
import { openRawSocket, openTlsSocket } from '../../typescript/support/sockets.ts';
import { TASKS } from '../../typescript/support/tasks.ts';
import type { Kind } from '../scene.ts';
import { all, answerFin, eachHas, endByAdmin, get, openH2Socket, openUsed, openUsedHttp1 } from './deeds.ts';

/** Longer than the idle rule waits, as bytes may still pass when it begins. */
const IDLE_MS = 10_000;
const seedance: StartOptions = { profile: 'seedance' };
const idleFin: StartOptions = { scenario: { service: { idle: { after: '8s', then: 'fin' } } } };
const noHeartbeatFin: StartOptions = { scenario: { service: { heartbeat: { within: '6s', then: 'fin' } } } };

/** Ends by what the service always does. */
export const byRules: readonly Kind[] = [
  {
    title: 'idle after a call',
    ends: 'rule/reset',
    async drive(scene) {
      await openUsed(scene);
      await scene.server.clock.advance(IDLE_MS);
    },
  },
  {
    title: 'idle right after the handshake',
    ends: 'rule/reset',
    async drive(scene) {
      await scene.open(openH2Socket);
      await eachHas(scene, 'connection.secured');
      await scene.server.clock.advance(IDLE_MS);
    },
  },
  {
    title: 'no heartbeat',
    ends: 'rule/reset',
    async drive(scene) {
      const clients = await openUsed(scene);
      for (let second = 0; second < 30; second += 6) {
        await all(clients, get);
        await scene.server.clock.advance(6_000);
      }
    },
  },
  {
    title: 'ALPN without h2',
    ends: 'rule/reset',
    times: 5,
    start: seedance,
    drive: (scene) => scene.open((server) => openTlsSocket(server, { alpn: ['http/1.1'] })),
  },
  {
    title: 'no ALPN',
    ends: 'rule/reset',
    times: 5,
    start: seedance,
    drive: (scene) => scene.open((server) => openTlsSocket(server)),
  },
  {
    title: 'h2c',
    ends: 'rule/reset',
    times: 5,
    drive: async (scene) =>
      all(await scene.open(openRawSocket), (socket) => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')),
  },
  {
    title: 'Upgrade: h2c inside TLS',
    ends: 'rule/reset',
    times: 5,
    async drive(scene) {
      const upgrade = writeRequest('GET', TASKS, { connection: 'upgrade', upgrade: 'h2c' });
      await all(await openUsedHttp1(scene), (socket) => socket.write(upgrade));
    },
  },
  {
    title: 'clear text',
    ends: 'rule/reset',
    times: 5,
    drive: async (scene) => all(await scene.open(openRawSocket), (socket) => socket.write(writeRequest('GET', TASKS))),
  },
  {
    title: 'no ClientHello for 30 s',
    ends: 'rule/reset',
    times: 5,
    start: { profile: 'permissive' },
    async drive(scene) {
      await scene.open(openRawSocket);
      await eachHas(scene, 'connection.opened');
      await scene.server.clock.advance(30_000);
    },
  },
  {
    title: 'a FIN left unanswered',
    ends: 'rule/reset',
    times: 5,
    async drive(scene) {
      const sockets = await openUsedHttp1(scene);
      await endByAdmin(scene, 'fin');
      await all(sockets, (socket) => socket.ended());
      await scene.server.clock.advance(400);
    },
  },
  {
    title: 'clear text, where that is answered by FIN',
    ends: 'rule/fin',
    times: 5,
    start: { scenario: { service: { cleartext: 'fin' } } },
    drive: async (scene) =>
      all(await scene.open(openRawSocket), async (socket) => {
        await socket.write(writeRequest('GET', TASKS));
        await answerFin(socket);
      }),
  },
  {
    title: 'idle, where that ends by FIN',
    ends: 'rule/fin',
    times: 5,
    start: idleFin,
    async drive(scene) {
      await openUsed(scene);
      await scene.server.clock.advance(8_000);
    },
  },
  {
    title: 'idle on HTTP/1.1, where that ends by FIN',
    ends: 'rule/fin',
    times: 5,
    start: idleFin,
    async drive(scene) {
      const sockets = await openUsedHttp1(scene);
      await scene.server.clock.advance(8_000);
      await all(sockets, answerFin);
    },
  },
  {
    title: 'no heartbeat, where that ends by FIN',
    ends: 'rule/fin',
    times: 5,
    start: noHeartbeatFin,
    async drive(scene) {
      await openUsed(scene);
      await scene.server.clock.advance(6_000);
    },
  },
];
