import { isIPv4, isIPv6 } from 'node:net';
import { type DecodedPacket, decode, encode, type OptAnswer, type Question } from 'dns-packet';

/** RFC 1035, section 4.1.1; RFC 6891, section 9 for BADVERS. */
const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;
export type Rcode = keyof typeof rcodes;

/** A query, as far as it could be read. */
export interface Query {
  readonly id: number;
  readonly recursionDesired: boolean;
  /** Absent when it has to be refused for its form alone. */
  readonly question?: Question;
  /** What is wrong with its form. */
  readonly rcode: Rcode;
  /** Whether it speaks EDNS, so that the reply may. */
  readonly edns: boolean;
  /** The longest reply by UDP that the asker takes. */
  readonly maxUdpBytes: number;
}

/** What a query is told. */
export interface Reply {
  readonly rcode: Rcode;
  readonly addresses: readonly string[];
  /** TC: the reply does not fit, and holds nothing but the question. */
  readonly truncated?: boolean;
}

const HEADER_BYTES = 12;
/** RFC 1035, section 4.2.1. */
const MAX_UDP_BYTES = 512;
/** What does not get fragmented anywhere: DNS Flag Day 2020. */
const MAX_UDP_BYTES_WITH_EDNS = 1_232;
/** Far above any query; each record of one costs time to read. */
export const MAX_QUERY_BYTES = 4_096;

const QR = 1 << 15;
const AA = 1 << 10;
const TC = 1 << 9;
const RD = 1 << 8;
const RA = 1 << 7;
/** Nobody is to keep an answer: it may be another one the next time. */
const TTL_SECONDS = 0;

/** Reads what may be a query.
 * @returns undefined for what must not be answered: too short for a header, or an answer itself */
export function readQuery(bytes: Buffer): Query | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes.readUInt16BE(2);
  if (flags & QR) return undefined;
  const query = {
    id: bytes.readUInt16BE(0),
    recursionDesired: (flags & RD) !== 0,
    edns: false,
    maxUdpBytes: MAX_UDP_BYTES,
  };
  if ((flags >> 11) & 0xf) return { ...query, rcode: 'NOTIMP' };
  const packet = bytes.length <= MAX_QUERY_BYTES && bytes.readUInt16BE(4) === 1 && tryDecode(bytes);
  const [question] = packet ? (packet.questions ?? []) : [];
  if (!packet || !question || !isPlain(question.name)) return { ...query, rcode: 'FORMERR' };

  const opt = packet.additionals?.find((record): record is OptAnswer => record.type === 'OPT');
  if (!opt) return { ...query, question, rcode: 'NOERROR' };
  const wanted = Math.max(opt.udpPayloadSize, MAX_UDP_BYTES);
  return {
    ...query,
    question,
    rcode: opt.ednsVersion === 0 ? 'NOERROR' : 'BADVERS',
    edns: true,
    maxUdpBytes: Math.min(wanted, MAX_UDP_BYTES_WITH_EDNS),
  };
}

/** The bytes of a reply. `A` takes the IPv4 addresses, `AAAA` the others; a name that has none of the kind is told just that. */
export function encodeReply({ id, recursionDesired, question, edns }: Query, reply: Reply): Buffer {
  const { rcode, truncated = false } = reply;
  const code = rcodes[rcode];
  return encode({
    type: 'response',
    id,
    // RA: a resolver that is pointed here directly would warn of a server that refuses to recurse.
    flags: AA | RA | (recursionDesired ? RD : 0) | (truncated ? TC : 0) | (code & 0xf),
    questions: question ? [question] : [],
    answers: truncated ? [] : recordsOf(question, reply),
    additionals: edns ? [{ ...OPT, extendedRcode: code >> 4 }] : [],
  });
}

const OPT: Omit<OptAnswer, 'extendedRcode'> = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: MAX_UDP_BYTES_WITH_EDNS,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

function recordsOf(question: Question | undefined, { rcode, addresses }: Reply) {
  if (!question || rcode !== 'NOERROR') return [];
  const { name, type } = question;
  return familyOf(type, addresses).map((data) => ({ name, type: type as 'A' | 'AAAA', ttl: TTL_SECONDS, data }));
}

/** Those of some addresses that a type of record holds. */
export function familyOf(type: Question['type'], addresses: readonly string[]): readonly string[] {
  if (type === 'A') return addresses.filter((address) => isIPv4(address));
  return type === 'AAAA' ? addresses.filter((address) => isIPv6(address)) : [];
}

function tryDecode(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}

/** A name whose bytes are the same again when it is written back: dns-packet reads them as UTF-8. */
const isPlain = (name: string) => /^[!-~]+$/.test(name);
