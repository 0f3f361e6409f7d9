import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { StartOptions } from '../../server/index.ts';
import { startProgram } from '../cli/run-client.ts';
import { openClient } from './support/client.ts';
import { openFolder } from './support/command-line.ts';
import { Receiver } from './support/receiver.ts';
import { openRawSocket, openTlsSocket } from './support/sockets.ts';
import { createTask, TASKS, textOnly } from './support/tasks.ts';

const program = fileURLToPath(new URL('./support/close-and-end.ts', import.meta.url));
const NOTHING = { alive: [], bugs: [] };

interface Where {
  readonly url: string;
  readonly adminUrl: string;
  readonly dns?: string;
  readonly ca: string;
  readonly laneUrl: string;
}

/** A server in a process of its own, which has nothing to do once that is closed. */
async function startAlone(options: StartOptions = {}) {
  const child = startProgram([process.execPath, program, JSON.stringify(options)]);
  const where = JSON.parse((await child.hear()) ?? expect.fail((await child.ended).stderr)) as Where;
  return {
    ...where,
    /** Closes it; resolves with what is left, once the process has ended. */
    async close(): Promise<unknown> {
      child.say('close');
      const { exitCode, stdout, stderr } = await child.ended;
      expect([exitCode, stderr]).toEqual([0, '']);
      return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Takes connections, and never says a word. */
async function openSilence() {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => sockets.add(socket.on('error', () => {})));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    called: once(server, 'connection'),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends bytes, and leaves the connection as it is. */
async function leaveOpen(address: string, bytes: string): Promise<AsyncDisposable> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const socket = net.connect(Number(port), hostname).on('error', () => {});
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
  return { [Symbol.asyncDispose]: async () => void socket.destroy() };
}

describe('once it is closed, nothing of a server keeps a process alive', () => {
  test('whatever its clients are doing, on each of its ports', async () => {
    await using folder = await openFolder();
    const slow = { name: 'slow', on: 'request', match: { method: 'GET' }, inject: [{ delay: { ms: '10m' } }] } as const;
    await using server = await startAlone({
      profile: 'permissive',
      scenario: { faults: [slow] },
      keylog: folder.at('keys'),
      dnsPort: 0,
    });
    await using _wordless = await openRawSocket(server);
    await using _deaf = await openTlsSocket(server, { alpn: ['h2'] });
    await using _old = await openTlsSocket(server, { alpn: ['http/1.1'] });
    await using _elsewhere = await openTlsSocket({ url: server.laneUrl, ca: server.ca }, { alpn: ['h2'] });
    await using _idle = await openClient(server);
    await using busy = await openClient(server);
    await busy.post(TASKS, textOnly);
    void busy.get(TASKS);
    await using _question = await leaveOpen(server.dns ?? '', '\0');
    const { host } = new URL(server.adminUrl);
    await using _nothing = await leaveOpen(host, '');
    await using _head = await leaveOpen(host, 'GET /events HTTP/1.1\r\nhost: localhost\r\n');
    await using _body = await leaveOpen(
      host,
      'PUT /scenario HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\na',
    );
    const agent = new http.Agent({ keepAlive: true });
    const [answer] = await once(http.get(`${server.adminUrl}/events`, { agent }), 'response');
    await once(answer.resume(), 'end');

    expect(await server.close()).toEqual(NOTHING);
    agent.destroy();
  });

  test('whatever it waits for: an answer to a callback, the next try of another, and media', async () => {
    await using silent = await Receiver.open({ answer: () => {} });
    await using failing = await Receiver.open({ answer: (response) => void response.writeHead(500).end() });
    await using server = await startAlone({ scenario: { media: { fetch: true } } });
    await using client = await openClient(server);
    await createTask(client, { callback_url: silent.url });
    await createTask(client, { callback_url: failing.url });
    const image = { type: 'image_url', role: 'first_frame', image_url: { url: silent.url } };
    void client.post(TASKS, { ...textOnly, content: [...textOnly.content, image] });
    await silent.heard(2);
    await failing.heard(1);

    expect(await server.close()).toEqual(NOTHING);
  });

  test.each(['http', 'https'])(
    'with a collector and an upstream of %s that take connections and are silent',
    async (scheme) => {
      await using collector = await openSilence();
      await using upstream = await openSilence();
      await using server = await startAlone({
        otlp: `http://${collector.host}`,
        upstream: `${scheme}://${upstream.host}`,
      });
      await using client = await openClient(server);
      void client.get(TASKS);
      await Promise.all([collector.called, upstream.called]);

      expect(await server.close()).toEqual(NOTHING);
    },
  );

  test('with a collector that wants to be asked again', async () => {
    await using busy = await Receiver.open({ answer: (response) => void response.writeHead(503).end() });
    await using server = await startAlone({ otlp: new URL(busy.url).origin });
    await busy.heard(1);

    expect(await server.close()).toEqual(NOTHING);
  });
});
