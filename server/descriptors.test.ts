import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from 'vitest';
import { Descriptors, parseDescriptorLimit, RESERVED_FROM_ADMIN } from './descriptors.ts';
import { Journal } from './journal.ts';
import { listenOn } from './listen.ts';

/** Descriptors for so many listeners and connections; 64 more are reserved. */
const descriptorsFor = (count: number) => new Descriptors(64 + count);

/** A server that shares descriptors with others. */
async function openServer(descriptors: Descriptors, share: Parameters<Descriptors['share']>[2] = {}) {
  const journal = new Journal(() => 0);
  const taken: net.Socket[] = [];
  const clients: net.Socket[] = [];
  let noteOne = () => {};
  const server = net.createServer((socket) => {
    taken.push(socket);
    noteOne();
  });
  descriptors.share(server, journal, share);
  server.on('drop', () => noteOne());
  const port = await listenOn(server, '127.0.0.1', 0);
  return {
    port,
    events: () => journal.events().map(({ seq: _, at: __, ...event }) => event),
    /** Connects so many clients.
     * @returns how many the server took; it dropped the others */
    async connect(count: number): Promise<number> {
      const before = taken.length;
      let seen = 0;
      const allSeen = new Promise<void>((resolve) => {
        noteOne = () => ++seen === count && resolve();
      });
      for (let left = count; left > 0; left--) clients.push(net.connect({ port, host: '127.0.0.1' }).resume());
      await allSeen;
      return taken.length - before;
    },
    /** Ends so many of the connections that the server took. */
    async end(count: number): Promise<void> {
      await Promise.all(taken.splice(0, count).map((socket) => once(socket.destroy(), 'close')));
    },
    async [Symbol.asyncDispose]() {
      for (const socket of [...taken, ...clients]) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a port drops connections when too few descriptors are left, and records it once', async () => {
  // Its listener takes one.
  const descriptors = descriptorsFor(1 + 8);
  await using server = await openServer(descriptors);
  expect(await server.connect(8)).toBe(8);
  expect(server.events()).toEqual([]);

  expect(await server.connect(20)).toBe(0);

  expect(server.events()).toEqual([{ type: 'listener.full', port: server.port, connections: 8, descriptors: 73 }]);
});

test('a port takes one more after each end, and is relieved once an eighth is free', async () => {
  await using server = await openServer(descriptorsFor(1 + 15));
  const full = { type: 'listener.full', port: server.port, connections: 15, descriptors: 80 };
  await server.connect(16);
  await server.end(1);
  expect(await server.connect(2)).toBe(1);
  expect(server.events()).toEqual([full]);

  await server.end(2);

  expect(server.events()).toEqual([full, { type: 'listener.relieved', port: server.port, dropped: 2 }]);
  await server.connect(3);
  expect(server.events().slice(2)).toEqual([full]);
});

test('servers of one process share its descriptors, and each records its own port', async () => {
  const descriptors = descriptorsFor(2 + 8);
  await using first = await openServer(descriptors);
  await using second = await openServer(descriptors);
  expect(await first.connect(5)).toBe(5);
  expect(await second.connect(5)).toBe(3);
  expect(await first.connect(1)).toBe(0);
  expect(first.events()).toMatchObject([{ type: 'listener.full', port: first.port, connections: 8 }]);
  expect(second.events()).toMatchObject([{ type: 'listener.full', port: second.port, connections: 8 }]);

  await first.end(5);

  expect(await second.connect(1)).toBe(1);
  expect(second.events()[1]).toEqual({ type: 'listener.relieved', port: second.port, dropped: 2 });
});

test('a server that closes frees its descriptor, and records how many connections it dropped', async () => {
  const descriptors = descriptorsFor(2 + 1);
  await using first = await openServer(descriptors);
  const second = await openServer(descriptors);
  await first.connect(1);
  await second.connect(4);
  await second[Symbol.asyncDispose]();

  expect(second.events()).toMatchObject([{ type: 'listener.full' }, { type: 'listener.relieved', dropped: 4 }]);
  expect(await first.connect(1)).toBe(1);
});

test('the admin API still has descriptors when the service has none', async () => {
  const descriptors = descriptorsFor(2 + 1);
  await using service = await openServer(descriptors);
  await using admin = await openServer(descriptors, { reserved: RESERVED_FROM_ADMIN });

  expect(await service.connect(2)).toBe(1);
  expect(await admin.connect(40)).toBe(64 - RESERVED_FROM_ADMIN);
});

test('a server that reaches its own limit on connections does not report a lack of descriptors', async () => {
  await using server = await openServer(descriptorsFor(100), { most: 2 });
  expect(await server.connect(3)).toBe(2);
  expect(server.events()).toEqual([]);
});

test('where the limit is not known, every connection is taken', async () => {
  await using server = await openServer(new Descriptors(undefined));
  expect(await server.connect(100)).toBe(100);
});

test('the limit is read from /proc, and may be unlimited or missing', () => {
  const text =
    'Max processes             94290                94290                processes \nMax open files            1024                 1048576              files     \n';
  expect(parseDescriptorLimit(text)).toEqual({ soft: 1024, hard: 1048576 });
  expect(parseDescriptorLimit(text.replace('1048576', 'unlimited'))).toEqual({ soft: 1024, hard: Infinity });
  expect(parseDescriptorLimit('')).toBeUndefined();
});
