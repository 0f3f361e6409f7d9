import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';
import { getCACertificates } from 'node:tls';
import { problem, reasonOf, UsageError } from '../errors.ts';
import { type OwnPorts, portOf } from '../own-ports.ts';

/** A service to pass calls through to. */
export interface UpstreamTarget {
  /** Scheme and authority. */
  readonly origin: string;
  /** What signs its certificate beside the authorities that Node trusts anyway, PEM. */
  readonly ca?: readonly string[];
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const isLoopback = (address: string): boolean => loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
const unusable = (reason: string) => new UsageError([problem('UPSTREAM_UNUSABLE', { reason })]);

/** A URL's host without the brackets of an IPv6 address. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/** Checks what `--upstream` and `--upstream-ca` say. What is refused is not repeated: it may hold a password.
 * @param caFile PEM
 * @throws UsageError UPSTREAM_UNUSABLE, FILE_UNREADABLE */
export async function readUpstreamTarget(text: string, caFile?: string): Promise<UpstreamTarget> {
  const url = URL.parse(text);
  if (!url || !['https:', 'http:'].includes(url.protocol)) throw unusable('it is no https:// URL');
  if (url.username !== '' || url.password !== '')
    throw unusable('it holds a user or a password. Those of each call are passed through');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw unusable('it has more than scheme and authority. The path of each call is passed through as it is');
  const host = hostOf(url);
  if (url.protocol === 'http:' && host !== 'localhost' && !isLoopback(host))
    throw unusable('http:// would send keys in the clear, and is for loopback alone');
  return { origin: url.origin, ...(caFile !== undefined && { ca: await readAuthorities(caFile) }) };
}

/** Refuses an upstream that would be this very server, whose calls would go round in a circle.
 * @throws UsageError UPSTREAM_UNUSABLE */
export async function refuseOwnAddress({ origin }: UpstreamTarget, ownPorts: OwnPorts): Promise<void> {
  const url = new URL(origin);
  // A name that cannot be looked up now, or leads here later, fails the calls that meet it.
  const found = await lookup(hostOf(url), { all: true }).catch(() => []);
  if (found.some(({ address }) => ownPorts.reachedAt(address, portOf(url)).length > 0))
    throw unusable(`${origin} is this server`);
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

async function readAuthorities(file: string): Promise<readonly string[]> {
  try {
    const given = (await readFile(file, 'utf8')).match(CERTIFICATE) ?? [];
    if (given.length === 0) throw new Error('it holds no certificate in PEM');
    for (const one of given) new X509Certificate(one);
    return [...getCACertificates('default'), ...given];
  } catch (error) {
    throw new UsageError([problem('FILE_UNREADABLE', { file, reason: reasonOf(error) })]);
  }
}
