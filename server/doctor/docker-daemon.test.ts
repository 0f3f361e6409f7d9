import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openFolder } from '../../client-tests/typescript/support/command-line.ts';
import { askDaemon, endpointsOf } from './docker-daemon.ts';

const signal = AbortSignal.timeout(10_000);

async function openDaemon(at: string | number, answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(at, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const answers: Readonly<Record<string, unknown>> = {
  '/info': { ServerVersion: '28.0.1', OperatingSystem: 'Debian GNU/Linux 12' },
  '/containers/json': [
    { Ports: [{ PrivatePort: 80, PublicPort: 8080 }, { PrivatePort: 81 }] },
    { Ports: [{ PrivatePort: 80, PublicPort: 8080 }] },
    {},
  ],
};

test('DOCKER_HOST says where to ask, and without it there are places to look', () => {
  expect(endpointsOf({ DOCKER_HOST: 'unix:///run/d.sock' })).toEqual([
    { kind: 'unix', socketPath: '/run/d.sock', url: 'unix:///run/d.sock' },
  ]);
  expect(endpointsOf({ DOCKER_HOST: 'tcp://10.0.0.7:2375' })).toMatchObject([
    { kind: 'tcp', host: '10.0.0.7', port: 2375 },
  ]);
  expect(endpointsOf({ DOCKER_HOST: 'tcp://[::1]' })).toMatchObject([{ kind: 'tcp', host: '::1', port: 2375 }]);
  expect(endpointsOf({ DOCKER_HOST: 'tcp://10.0.0.7:2376', DOCKER_TLS_VERIFY: '1' })).toMatchObject([
    { kind: 'other' },
  ]);
  expect(endpointsOf({ DOCKER_HOST: 'ssh://me@host' })).toMatchObject([{ kind: 'other' }]);
  expect(endpointsOf({}).map(({ url }) => url)).toContain('unix:///var/run/docker.sock');
});

test('a daemon tells its version and the ports that it publishes, by socket and by TCP', async () => {
  await using folder = await openFolder();
  const answer: RequestListener = ({ url = '' }, response) => response.end(JSON.stringify(answers[url]));
  const told = { version: '28.0.1', system: 'Debian GNU/Linux 12', publishedPorts: 1 };

  await using _daemon = await openDaemon(folder.at('docker.sock'), answer);
  expect(await askDaemon({ kind: 'unix', socketPath: folder.at('docker.sock'), url: '' }, signal)).toEqual(told);

  await using other = await openDaemon(0, answer);
  expect(await askDaemon({ kind: 'tcp', host: 'localhost', port: other.port, url: '' }, signal)).toEqual(told);
});

test.each<[string, RequestListener, RegExp]>([
  ['refuses', (_, response) => response.writeHead(403).end(), /answers 403/],
  ['is something else', (_, response) => response.end('<html>'), /answers no JSON/],
  ['hangs up', ({ socket }) => socket.destroy(), /hang up|ECONNRESET/],
  ['never stops', (_, response) => response.end(Buffer.alloc(5 * 1024 * 1024)), /more than \d+ bytes|aborted/],
])('a daemon that %s is an error with its reason', async (_name, answer, reason) => {
  await using daemon = await openDaemon(0, answer);
  await expect(askDaemon({ kind: 'tcp', host: 'localhost', port: daemon.port, url: '' }, signal)).rejects.toThrow(
    reason,
  );
});

test('where nobody listens, the code says so', async () => {
  await using folder = await openFolder();
  await expect(
    askDaemon({ kind: 'unix', socketPath: folder.at('docker.sock'), url: '' }, signal),
  ).rejects.toMatchObject({ code: 'ENOENT' });
});
