import { isIP, isIPv4 } from 'node:net';

/** Labels of letters, digits, hyphens and underscores; the first may be `*`, for whatever stands before the rest. */
const HOST = /^(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i;
/** What a dotted number looks like: an address, or a slip of the pen, but no name. */
const DOTTED_NUMBER = /^[\d.]+$/;

/** An address and how many of its bits count. */
export interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Reads an address or a network in CIDR notation; undefined for everything else. */
export function readNetwork(text: string): Network | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  if (isIP(address) === 0 || rest.length > 0) return undefined;
  const size = isIPv4(address) ? 32 : 128;
  const prefix = bits === undefined ? size : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  return prefix <= size ? { address, prefix, family: isIPv4(address) ? 'ipv4' : 'ipv6' } : undefined;
}

/** Whether a text names a receiver of callbacks: a host name, `*.example.com`, an address, or a network. */
export const isReceiver = (text: string): boolean =>
  readNetwork(text) !== undefined || (HOST.test(text) && !DOTTED_NUMBER.test(text));
