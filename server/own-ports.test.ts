import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { isOfThisMachine, OwnPorts, portOf } from './own-ports.ts';

const interfaceAddresses = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
const loopbacks = ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:0:0:1'];
const unspecified = ['0.0.0.0', '::', '::ffff:0.0.0.0'];

test.each([...loopbacks, ...unspecified, ...interfaceAddresses])(
  'a connection to %s stays on this machine',
  (address) => expect(isOfThisMachine(address)).toBe(true),
);

test.each(['198.51.100.7', '::ffff:198.51.100.7', '2001:db8::7', '169.254.169.254'])(
  'a connection to %s leaves this machine',
  (address) => expect(isOfThisMachine(address)).toBe(false),
);

test('a port is known while it is open, also where it closes and opens again', async () => {
  const ownPorts = new OwnPorts();
  const server = createServer();
  ownPorts.follow(server, 'service');
  const reached = (address = '127.0.0.1') => ownPorts.reachedAt(address, port);

  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  expect([reached(), reached('198.51.100.7'), ownPorts.reachedAt('127.0.0.1', port + 1)]).toEqual([
    ['service'],
    [],
    [],
  ]);

  await once(server.close(), 'close');
  expect(reached()).toEqual([]);

  await once(server.listen(port, '127.0.0.1'), 'listening');
  expect(reached()).toEqual(['service']);
  await once(server.close(), 'close');
});

test('one that closes leaves another on the same port number known', async () => {
  const ownPorts = new OwnPorts();
  const [service, admin] = [createServer(), createServer()];
  ownPorts.follow(service, 'service');
  ownPorts.follow(admin, 'admin API');
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const { port } = service.address() as AddressInfo;
  await once(admin.listen(port, '127.0.0.2'), 'listening');

  expect(ownPorts.reachedAt('127.0.0.1', port)).toEqual(['service', 'admin API']);
  await once(service.close(), 'close');
  expect(ownPorts.reachedAt('127.0.0.1', port)).toEqual(['admin API']);
  await once(admin.close(), 'close');
});

test.each([
  ['http://mock', 80],
  ['https://mock', 443],
  ['https://mock:8443', 8443],
])('the port of %s is %i', (url, port) => expect(portOf(new URL(url))).toBe(port));
