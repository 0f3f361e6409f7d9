import { isIP, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { listeningAddresses, ownAddresses, readGateways } from './own-addresses.ts';

test('one address is reached by itself', () => {
  expect(ownAddresses('192.0.2.1')).toEqual(['192.0.2.1']);
});

test.each(['0.0.0.0', '::'])('%s is reached by every address of the machine', (host) => {
  const addresses = ownAddresses(host);

  expect(addresses).toContain('127.0.0.1');
  expect(addresses.every((address) => isIP(address))).toBe(true);
});

test.each([
  ['127.0.0.1', ['127.0.0.1']],
  ['::1', ['::1']],
  ['192.0.2.1', ['192.0.2.1']],
])('a server on %s takes connections at that address alone', (host, addresses) =>
  expect(listeningAddresses(host).map(({ address }) => address)).toEqual(addresses),
);

test('a server on 0.0.0.0 takes connections at each IPv4 address of the machine, and at no gateway', () => {
  const addresses = listeningAddresses('0.0.0.0').map(({ address }) => address);
  const interfaces = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));

  expect(addresses).toContain('127.0.0.1');
  expect(addresses.filter((address) => !isIPv4(address))).toEqual([]);
  expect(addresses.filter((address) => !interfaces.includes(address))).toEqual([]);
});

test('a server on :: takes connections at addresses of both families', () => {
  const addresses = listeningAddresses('::').map(({ address }) => address);
  expect(addresses).toEqual(expect.arrayContaining(['127.0.0.1', '::1']));
});

test('a container is also reached by the address of its gateway, where its ports are published', () => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    '',
  ].join('\n');

  expect(readGateways(table)).toEqual(['172.17.0.1']);
});
