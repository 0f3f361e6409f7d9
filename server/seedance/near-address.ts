import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import http, { type ClientRequest, type RequestOptions } from 'node:http';
import https from 'node:https';
import { BlockList, type IPVersion, isIPv4, type LookupFunction } from 'node:net';
import { type OwnPort, type OwnPorts, portOf } from '../own-ports.ts';
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

/** Private addresses at which clouds hand out credentials as well: those of AWS and Google. */
const METADATA = ['fd00:ec2::/32', 'fd20:ce::254'];

const near = listOf(NEAR);
const metadata = listOf(METADATA);
const familyOf = (address: string): IPVersion => (isIPv4(address) ? 'ipv4' : 'ipv6');

/** Whether an address is of this machine or of a private network. */
const isNear = (address: string): boolean =>
  near.check(address, familyOf(address)) && !metadata.check(address, familyOf(address));

/** Who may be called beside this machine and private networks, and under which key of a scenario that is said. */
export interface Allowance {
  readonly allow: readonly string[];
  readonly setting: 'callbacks' | 'media';
  /** Ports that are never called, whatever is allowed. */
  readonly ownPorts: OwnPorts;
}

/**
 * Makes ready to call a URL once, over a connection of its own: one kept from before may have died meanwhile, and that would look
 * like the other side's doing. The certificate of a loopback or private host is not verified, as its CA is a private one too;
 * that of an allowed host elsewhere is.
 *
 * @returns what starts the request
 * @throws Refused when the host may not be called; Error when it has no address, or `signal` aborts first
 */
export async function prepareCall(
  url: URL,
  allowance: Allowance,
  signal: AbortSignal,
): Promise<(options: RequestOptions) => ClientRequest> {
  const addresses = await unless(signal, findCallable(url, allowance));
  const lookup: LookupFunction = (_hostname, { all }, done) => {
    const [first] = addresses;
    if (all) done(null, [...addresses]);
    else done(null, first?.address ?? '', first?.family);
  };
  const { request } = url.protocol === 'https:' ? https : http;
  const rejectUnauthorized = !addresses.every(({ address }) => isNear(address));
  return (options) =>
    request(url, { ...options, agent: false, signal, lookup, rejectUnauthorized } as https.RequestOptions);
}

/**
 * The addresses a URL may be called at. Connect to these: a second look at DNS may say otherwise.
 *
 * @throws Error when the name has no address, or none that may be called
 */
async function findCallable(url: URL, { allow, setting, ownPorts }: Allowance): Promise<readonly LookupAddress[]> {
  // A URL writes an IPv6 address in brackets.
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const found = await lookup(host, { all: true });
  const where = found.map(({ address }) => address).join(', ');
  const isAllowed = allow.some((pattern) => fitsText(pattern.toLowerCase(), host));
  const allowed = listOf(allow);
  const admitted = found.filter(
    ({ address }) => isAllowed || isNear(address) || allowed.check(address, familyOf(address)),
  );
  if (admitted.length === 0)
    throw new Refused(
      `${host} (${where}) is neither loopback nor private; allow it with \`${setting}: { allow: [${host}] }\``,
    );
  // A result may be the media of the next task. It lies on the storage port, and on that of the service.
  const mayReach = (own: OwnPort) => setting === 'media' && (own === 'storage' || own === 'service');
  const ownAt = ({ address }: LookupAddress) => ownPorts.reachedAt(address, portOf(url)).find((own) => !mayReach(own));
  const callable = admitted.filter((one) => ownAt(one) === undefined);
  if (callable.length > 0) return callable;
  throw new Refused(`${url.host} (${where}) is the ${admitted.map(ownAt)[0]} of this mock itself`);
}

/** The host may not be called, so there is no use in trying again. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** What comes of `work`, unless `signal` aborts first: DNS cannot be called off. */
function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
