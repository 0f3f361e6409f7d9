import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BlockList, type IPVersion, isIPv4 } from 'node:net';
import { fitsText } from '../scenario/pattern.ts';
import { readNetwork } from '../scenario/receiver.ts';

/** Loopback, RFC 1918 and RFC 4193. Link-local is not among them: clouds hand out credentials at 169.254.169.254. */
const NEAR = ['127.0.0.0/8', '::1', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];

function listOf(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of texts.map(readNetwork)) {
    if (network) list.addSubnet(network.address, network.prefix, network.family);
  }
  return list;
}

const near = listOf(NEAR);
const familyOf = (address: string): IPVersion => (isIPv4(address) ? 'ipv4' : 'ipv6');

/** Whether an address is of this machine or of a private network. */
export const isNear = (address: string): boolean => near.check(address, familyOf(address));

/**
 * The addresses a receiver may be called at. Whoever connects has to use these: a second look at DNS may say otherwise.
 *
 * @throws Error when the name has no address, or none that may be called
 */
export async function findReceiver(hostname: string, allow: readonly string[]): Promise<readonly LookupAddress[]> {
  // A URL writes an IPv6 address in brackets.
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const found = await lookup(host, { all: true });
  if (allow.some((pattern) => fitsText(pattern.toLowerCase(), host))) return found;
  const allowed = listOf(allow);
  const admitted = found.filter(({ address }) => isNear(address) || allowed.check(address, familyOf(address)));
  if (admitted.length > 0) return admitted;
  const where = found.map(({ address }) => address).join(', ');
  throw new Refused(
    `${host} (${where}) is neither loopback nor private; allow it with \`callbacks: { allow: [${host}] }\``,
  );
}

/** The receiver may not be called, so there is no use in trying again. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
