import type { EndedBy, EndedHow } from '../../server/journal.ts';
import type { Packet } from './capture.ts';

/** What the journal says of an end. */
export interface End {
  readonly by: EndedBy;
  readonly how: EndedHow;
  readonly cause?: string;
}

/** A packet, by the side that sent it. */
interface Said extends Packet {
  readonly side: 'client' | 'server';
}

/** One TCP connection in a capture, from its SYN on. */
export class Conversation {
  /** The client's port. */
  readonly port: number;
  readonly #said: Said[] = [];
  readonly #firstSeq: number;

  constructor({ from, seq }: Packet) {
    this.port = from;
    this.#firstSeq = seq;
  }

  /** Whether a SYN is that of this connection, sent once more. */
  isRepeated(syn: Packet): boolean {
    return syn.seq === this.#firstSeq;
  }

  add(packet: Packet): void {
    this.#said.push({ ...packet, side: packet.from === this.port ? 'client' : 'server' });
  }

  /** All packets but bare ACKs: `C SYN, S SYN, C 517, S 2712, C FIN`. What a side sends in a row is
   * added up. */
  get transcript(): string {
    const entries: { side: string; flags: string; bytes: number }[] = [];
    for (const { side, flags, bytes } of this.#said) {
      const shown = flags.filter((flag) => flag !== 'ACK').join('+');
      const before = entries.at(-1);
      if (shown === '' && bytes === 0) continue;
      if (before?.side === side && before.flags === '' && shown === '') before.bytes += bytes;
      else entries.push({ side, flags: shown, bytes });
    }
    const render = ({ side, flags, bytes }: (typeof entries)[number]) =>
      [side === 'client' ? 'C' : 'S', flags, bytes > 0 && bytes].filter(Boolean).join(' ');
    return entries.map(render).join(', ');
  }

  /** Says in a sentence why this cannot be the end that the journal names; undefined where it can. */
  contradicts({ by, how, cause }: End): string | undefined {
    const [client, server] = [this.#endOf('client'), this.#endOf('server')];
    if (by === 'client') {
      // The client has asked for our FIN, and answers it (RFC 9112, section 9.6).
      if (how === 'fin' && LAST_ANSWER.has(cause)) return contradictsFin(server, client);
      return contradictsClient[how](client, server);
    }
    const contradiction = contradictsServer[how](server, client);
    if (contradiction !== undefined || how !== 'reset') return contradiction;
    const after = this.#said.slice(server.rst).find(({ side, flags }) => side === 'server' && !flags.includes('RST'));
    return after && 'the server sent more after its RST';
  }

  #endOf(side: Said['side']): SideEnd {
    const last = (is: (packet: Said) => boolean) => this.#said.findLastIndex((one) => one.side === side && is(one));
    const first = (flag: 'FIN' | 'RST') => {
      const at = this.#said.findIndex((one) => one.side === side && one.flags.includes(flag));
      return at < 0 ? NEVER : at;
    };
    const fin = first('FIN');
    const rst = side === 'client' && this.#isAutomatic(fin, first('RST')) ? NEVER : first('RST');
    return { fin, rst, first: Math.min(fin, rst), lastBytes: last(({ bytes }) => bytes > 0) };
  }

  /** A client that has closed its socket altogether sends FIN, and its kernel answers RST to what still
   * comes: the FIN is how it ended. */
  #isAutomatic(fin: number, rst: number): boolean {
    return this.#said.slice(fin, rst).some(({ side, bytes }) => side === 'server' && bytes > 0);
  }
}

/** How one side ended: places in the order of packets. */
interface SideEnd {
  readonly fin: number;
  readonly rst: number;
  /** The first of the two. */
  readonly first: number;
  /** Its last packet with a payload; -1 where it has none. */
  readonly lastBytes: number;
}

type Contradicts = (own: SideEnd, other: SideEnd) => string | undefined;

const NEVER = Number.POSITIVE_INFINITY;

/** Orderly, by the server. */
const contradictsFin: Contradicts = (server, client) => {
  if (server.fin === NEVER) return 'the server sent no FIN';
  if (client.rst < server.fin) return 'the client sent RST first';
  return server.rst < client.first ? 'the server sent RST before the client ended its side' : undefined;
};

/** Ends by a rule, a fault, an admin, a shutdown, the server or an upstream. */
const contradictsServer: Record<EndedHow, Contradicts> = {
  reset: (server, client) => {
    if (server.rst === NEVER) return 'the server sent no RST';
    return client.rst < server.rst ? 'the client sent RST first' : undefined;
  },
  fin: (server, client) => {
    // After the server's close_notify the client may be quicker with its FIN; but then the server has
    // nothing more to say.
    const hasClosed = server.lastBytes >= 0 && server.lastBytes < client.fin;
    if (client.fin < server.fin && !hasClosed) return 'the client ended its side first';
    return contradictsFin(server, client);
  },
  // A client may close its side as soon as it has read the GOAWAY.
  goaway: contradictsFin,
  error: () => 'only a client makes an error',
};

/** Orderly, by the client. */
const contradictsLeaving: Contradicts = (client, server) => {
  if (client.fin === NEVER) return 'the client sent no FIN';
  if (client.rst < server.first) return 'the client sent RST before the server ended its side';
  return server.rst < server.fin ? 'the server sent RST, not FIN' : undefined;
};

/** How a client says that it wants no more than one answer. */
const LAST_ANSWER: ReadonlySet<string | undefined> = new Set(['connection: close', 'HTTP/1.0']);

const contradictsClient: Record<EndedHow, Contradicts> = {
  reset: (client, server) => {
    if (client.rst === NEVER) return 'the client sent no RST';
    return server.first < client.rst ? 'the server ended its side first' : undefined;
  },
  fin: (client, server) =>
    server.first < client.fin ? 'the server ended its side first' : contradictsLeaving(client, server),
  // The server may close its side as soon as it has read the GOAWAY.
  goaway: contradictsLeaving,
  // The client broke the protocol, and the server ends the connection.
  error: (client, server) => {
    if (server.first === NEVER) return 'the server did not end its side';
    return client.rst < server.first ? 'the client sent RST first' : undefined;
  },
};

/** The connections to a port in the order of their SYNs. */
export function conversationsOf(packets: readonly Packet[], port: number): readonly Conversation[] {
  const all: Conversation[] = [];
  const latest = new Map<number, Conversation>();
  for (const packet of packets) {
    const clientPort = packet.to === port ? packet.from : packet.to;
    let conversation = latest.get(clientPort);
    const opens = packet.to === port && packet.flags.includes('SYN');
    // A port may be taken again once its connection is over.
    if (opens && !conversation?.isRepeated(packet)) {
      conversation = new Conversation(packet);
      all.push(conversation);
      latest.set(clientPort, conversation);
    }
    conversation?.add(packet);
  }
  return all;
}
