import { BlockList, isIPv6 } from 'node:net';
import { expect, test } from 'vitest';
import { reachableFrom } from './names.ts';

/** As an interface has it: `10.0.0.5/24`. */
function ours(...interfaces: readonly string[]) {
  return interfaces.map((cidr) => {
    const [address = '', bits] = cidr.split('/');
    const network = new BlockList();
    network.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
    return { address, network };
  });
}

const everywhere = ours('127.0.0.1/8', '::1/128', '10.0.0.5/24', '2001:db8::5/64', '172.17.0.1/16');
const here = ['127.0.0.1', '::1'];

test.each([
  ['on this machine', '127.0.0.1', here],
  ['on this machine, by another of its addresses', '127.8.8.8', here],
  ['on this machine, by IPv6', '::1', here],
  ['on this machine, to a dual-stack socket', '::ffff:127.0.0.1', here],
  ['on our network', '10.0.0.9', ['10.0.0.5', '2001:db8::5']],
  ['on our network, to a dual-stack socket', '::ffff:10.0.0.9', ['10.0.0.5', '2001:db8::5']],
  ['on our network, by IPv6', '2001:db8::9', ['10.0.0.5', '2001:db8::5', '172.17.0.1']],
  ['in a container on our bridge', '172.17.0.3', ['2001:db8::5', '172.17.0.1']],
  ['behind a router', '192.0.2.7', ['10.0.0.5', '2001:db8::5', '172.17.0.1']],
  ['on the same link, without an address of a network', 'fe80::1%eth0', ['10.0.0.5', '2001:db8::5', '172.17.0.1']],
])('a client %s is given the addresses that it can reach', (_where, asker, addresses) =>
  expect(reachableFrom(asker, everywhere)).toEqual(addresses),
);

test('a client that can reach none of them is given them all the same', () =>
  expect(reachableFrom('10.0.0.9', [{ address: '127.0.0.1' }])).toEqual(['127.0.0.1']));
