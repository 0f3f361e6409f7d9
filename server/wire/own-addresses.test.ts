import { isIP } from 'node:net';
import { expect, test } from 'vitest';
import { ownAddresses, readGateways } from './own-addresses.ts';

test('one address is reached by itself', () => {
  expect(ownAddresses('192.0.2.1')).toEqual(['192.0.2.1']);
});

test.each(['0.0.0.0', '::'])('%s is reached by every address of the machine', (host) => {
  const addresses = ownAddresses(host);

  expect(addresses).toContain('127.0.0.1');
  expect(addresses.every((address) => isIP(address))).toBe(true);
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
