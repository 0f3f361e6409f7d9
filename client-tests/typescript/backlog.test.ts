import { readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { callAdmin } from './support/admin.ts';
import { portOf } from './support/dns.ts';

/** More than the 511 of Node's default, and few enough for any limit on open files. */
const CROWD = 600;

const readProc = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const kernelAllows = Number(readProc('/proc/sys/net/core/somaxconn')) >= CROWD;
if (!kernelAllows) console.log(`listen queues are not tried: net.core.somaxconn is below ${CROWD} or not known`);

/** How many SYNs this machine has dropped because a listen queue was full (nstat: TcpExtListenOverflows). */
function countOverflows(): number {
  const [names = [], values = []] = readProc('/proc/net/netstat')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('ListenOverflows')]);
}

/** Connects all clients before this process, which is also the server's, accepts one of them. */
async function connectAtOnce(port: number): Promise<void> {
  const sockets = Array.from({ length: CROWD }, () => net.connect({ port, host: '127.0.0.1' }).on('error', () => {}));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  for (const socket of sockets) socket.resetAndDestroy();
}

const portOfUrl = (url: string) => Number(new URL(url).port);

const ports: readonly [string, (server: MockServer) => number | Promise<number>][] = [
  ['the service', ({ url }) => portOfUrl(url)],
  ['the storage', ({ storageUrl }) => portOfUrl(storageUrl ?? '')],
  ['the admin API', ({ adminUrl }) => portOfUrl(adminUrl)],
  ['DNS', ({ dns }) => portOf(dns)],
  ['a lane', async (server) => portOfUrl((await server.openLane()).url)],
  [
    'the service, after a fault had closed it',
    async (server) => {
      await callAdmin(server, 'POST /faults', '{ name: down, on: accept, inject: [refuse] }');
      await server.journal.waitFor('listener.closed');
      await callAdmin(server, 'DELETE /faults/down');
      await server.journal.waitFor('listener.opened');
      return portOfUrl(server.url);
    },
  ],
];

describe.runIf(kernelAllows)(`${CROWD} clients that connect at once`, () => {
  test.each(ports)('lose no SYN at the port of %s', async (_name, findPort) => {
    await using server = await startMockServer({ dnsPort: 0 });
    const port = await findPort(server);
    const before = countOverflows();

    await connectAtOnce(port);

    expect(countOverflows() - before).toBe(0);
  });
});
