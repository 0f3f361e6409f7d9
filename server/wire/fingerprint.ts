import { hash } from 'node:crypto';

/** What fingerprints are made from. Types of extensions are those of RFC 8446, section 4.2. */
export interface HelloParts {
  /** The field `legacy_version`. */
  readonly version: number;
  readonly cipherSuites: readonly number[];
  /** By type, in the order in which they came. */
  readonly extensions: ReadonlyMap<number, Buffer>;
}

export const SERVER_NAME = 0;
export const ALPN = 16;
export const EARLY_DATA = 42;
const SUPPORTED_GROUPS = 10;
const SIGNATURE_ALGORITHMS = 13;
const SUPPORTED_VERSIONS = 43;

/** Extensions that one client sends in some of its ClientHellos and not in others. */
const OCCASIONAL = new Set([
  // Resumption. rustls and NSS leave session_ticket out where they send a pre_shared_key.
  ...[35, 41, EARLY_DATA, 45], // session_ticket, pre_shared_key, early_data, psk_key_exchange_modes
  // A retry after HelloRetryRequest, or at a server that has asked for one before.
  ...[44, 51], // cookie, key_share
  // What the call asks for: an address has no name, a fallback to HTTP/1.1 has another ALPN list or none.
  ...[SERVER_NAME, ALPN, 13_172, 17_513, 17_613], // next_protocol_negotiation, application_settings (old, new)
  // The lengths of all others decide whether there is padding. DNS decides about encrypted_client_hello.
  ...[21, 0xfe0d],
]);

/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV and TLS_FALLBACK_SCSV: signals, not cipher suites. */
const SIGNALS = new Set([0x00ff, 0x5600]);

/** RFC 8701: values that a client draws by chance. */
const isGrease = (value: number) => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
const notGrease = (value: number) => !isGrease(value);

const hex = (value: number) => value.toString(16).padStart(4, '0');
const ascending = (a: number, b: number) => a - b;
const listOf = (values: readonly number[]) => values.map(hex).join(',');
/** The first 12 digits of SHA-256, the length that JA4 uses. */
const digest = (text: string) => hash('sha256', text).slice(0, 12);

/** Two-byte values behind a length of `lengthBytes` bytes. */
function readValues(data: Buffer | undefined, lengthBytes: 1 | 2): readonly number[] {
  if (!data || data.length < lengthBytes) return [];
  const end = Math.min(data.length, lengthBytes + data.readUIntBE(0, lengthBytes));
  const values: number[] = [];
  for (let at = lengthBytes; at + 2 <= end; at += 2) values.push(data.readUInt16BE(at));
  return values.filter(notGrease);
}

/**
 * Returns what identifies the TLS library of a client and its settings: the same in all of its
 * ClientHellos, whether it resumes a session, retries, names the server or offers another ALPN list.
 */
export function printOf({ cipherSuites, extensions }: HelloParts): string {
  const suites = cipherSuites.filter((suite) => notGrease(suite) && !SIGNALS.has(suite));
  const kept = [...extensions.keys()].filter((type) => notGrease(type) && !OCCASIONAL.has(type));
  const algorithms = readValues(extensions.get(SIGNATURE_ALGORITHMS), 2);
  const groups = readValues(extensions.get(SUPPORTED_GROUPS), 2);
  // Some libraries shuffle their extensions; the other lists are in order of preference.
  return digest([suites, kept.toSorted(ascending), algorithms, groups].map(listOf).join('_'));
}

/** Returns JA4 as FoxIO specifies it. */
export function ja4Of({ version, cipherSuites, extensions }: HelloParts): string {
  const suites = cipherSuites.filter(notGrease);
  const types = [...extensions.keys()].filter(notGrease);
  const newest = Math.max(0, ...readValues(extensions.get(SUPPORTED_VERSIONS), 1)) || version;
  const named = extensions.has(SERVER_NAME) ? 'd' : 'i';
  const sorted = types.filter((type) => type !== SERVER_NAME && type !== ALPN).toSorted(ascending);
  const algorithms = readValues(extensions.get(SIGNATURE_ALGORITHMS), 2);
  const inHello = [sorted, ...(algorithms.length > 0 ? [algorithms] : [])].map(listOf).join('_');
  const head = `t${VERSIONS.get(newest) ?? '00'}${named}${count(suites)}${count(types)}${alpnOf(extensions.get(ALPN))}`;
  return `${head}_${digestOf(suites, listOf(suites.toSorted(ascending)))}_${digestOf(sorted, inHello)}`;
}

const VERSIONS = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
  [0x0002, 's2'],
]);

const count = ({ length }: readonly number[]) => String(Math.min(length, 99)).padStart(2, '0');
const digestOf = ({ length }: readonly number[], text: string) => (length === 0 ? '000000000000' : digest(text));

/** The first and the last character of the first protocol; of its hex digits where one of the two is
 * neither a letter nor a digit. */
function alpnOf(data: Buffer | undefined): string {
  const first = data?.subarray(3, 3 + (data[2] ?? 0)) ?? Buffer.alloc(0);
  if (first.length === 0) return '00';
  const text = first.toString('latin1');
  const shown = /^[\da-z]$/i.test(text.charAt(0)) && /^[\da-z]$/i.test(text.slice(-1)) ? text : first.toString('hex');
  return shown.charAt(0) + shown.slice(-1);
}
