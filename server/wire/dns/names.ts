import { BlockList, isIPv6 } from 'node:net';
import { fitsText } from '../../scenario/pattern.ts';
import type { OwnAddress } from '../own-addresses.ts';

/** What a client may have been told to call: this machine, the mock's names in containers, and the hosts of Ark and its storage
 * (reference, Ark API, sections 1 and 9), so that a client can be led here with its own base URL. */
const ALWAYS_KNOWN = [
  'localhost',
  '*.localhost',
  'seedance-mock',
  'host.docker.internal',
  '*.volces.com',
  '*.bytepluses.com',
];

/** Tells which names are the mock's, upper and lower case alike. */
export function knowsNames(more: readonly string[]): (name: string) => boolean {
  const patterns = [...ALWAYS_KNOWN, ...more].map(plainName);
  return (name) => patterns.some((pattern) => fitsText(pattern, plainName(name)));
}

/** A name without its root and in lower case (RFC 4343). */
export const plainName = (name: string): string => name.toLowerCase().replace(/(?<=.)\.$/, '');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a network holds an address. An IPv4-mapped one counts as IPv4. */
function isIn(network: BlockList, address: string): boolean {
  // A link-local address names its interface: fe80::1%eth0.
  const [plain = ''] = address.split('%');
  return network.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}

/**
 * Those of our addresses that the asker can reach: on this machine the loopback, elsewhere all but it.
 * A neighbour on one of our networks gets our address on that network, and no other of its family.
 * An address of a bridge such as Docker's would lead it to a bridge on its own machine.
 */
export function reachableFrom(asker: string, ours: readonly OwnAddress[]): readonly string[] {
  const isHere = isIn(loopback, asker);
  const sameSide = ours.filter(({ address }) => isIn(loopback, address) === isHere);
  const near = sameSide.length > 0 ? sameSide : ours;
  const neighbour = near.find(({ network }) => network && isIn(network, asker));
  const chosen = neighbour
    ? near.filter((one) => one === neighbour || isIPv6(one.address) !== isIPv6(neighbour.address))
    : near;
  return chosen.map(({ address }) => address);
}
