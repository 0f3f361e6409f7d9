import type { Call } from './calls.ts';
import type { Connection } from './evidence.ts';

/** Whoever is judged: what one program does from one address. */
export interface Client {
  /** From 1, in the order in which they came. */
  readonly number: number;
  readonly address: string;
  readonly ja4: string | undefined;
  readonly userAgent: string | undefined;
  readonly connections: readonly Connection[];
  readonly calls: readonly Call[];
}

/** How a report calls a client. */
export const nameOf = ({ userAgent, ja4, address }: Pick<Client, 'userAgent' | 'ja4' | 'address'>): string =>
  `${userAgent ?? 'no user agent'} at ${address}${ja4 === undefined ? '' : ` (${ja4})`}`;

/** `127.0.0.1:443` and `::1:443` without the port. */
const addressOf = ({ opened, ended }: Connection): string => {
  const remote = opened?.remote ?? ended?.remote ?? '';
  return remote.slice(0, Math.max(0, remote.lastIndexOf(':')));
};

/**
 * What a JA4 tells of a program, whatever it asks for: a client that falls back from h2 offers another ALPN list, with whose head the
 * first part of JA4 ends; and one that calls a server by an address sends no SNI, which is an extension less, and `i` in place of `d`.
 */
function printOf(ja4: string): string {
  const [, version, named, ciphers, extensions, rest] = /^(...)([di])(\d\d)(\d\d)[^_]{2}_(.*)$/.exec(ja4) ?? [];
  if (rest === undefined) return ja4;
  return `${version}${ciphers}${Number(extensions) - (named === 'd' ? 1 : 0)}_${rest}`;
}

interface Known {
  readonly address: string;
  readonly ja4: string | undefined;
  readonly print: string | undefined;
  readonly userAgent: string | undefined;
  readonly connections: Connection[];
}

/**
 * Tells clients apart by address, TLS fingerprint (JA4, but for its parts on ALPN and SNI) and user agent. A connection that ended before
 * it told all three belongs to the one client that fits what it did tell; where none or several fit, to one of its own.
 */
export function tellApart(connections: readonly Connection[]): readonly Omit<Client, 'calls'>[] {
  const known: Known[] = [];
  const complete = (connection: Connection) =>
    Number(connection.hello !== undefined) + Number(connection.userAgent !== undefined);
  // Those that tell most come first, so that the others find somebody to belong to.
  for (const connection of connections.toSorted((a, b) => complete(b) - complete(a))) {
    const { hello, userAgent } = connection;
    const address = addressOf(connection);
    const print = hello && printOf(hello.ja4);
    const fits = known.filter(
      (one) =>
        one.address === address &&
        (print === undefined || one.print === print) &&
        (userAgent === undefined || one.userAgent === userAgent),
    );
    const [own, other] = fits;
    const same = fits.find((one) => one.print === print && one.userAgent === userAgent);
    const found = same ?? (other ? undefined : own);
    if (found) found.connections.push(connection);
    else known.push({ address, ja4: hello?.ja4, print, userAgent, connections: [connection] });
  }
  return known
    .map(({ print: _, ...client }) => ({ ...client, connections: client.connections.toSorted((a, b) => a.id - b.id) }))
    .toSorted((a, b) => (a.connections[0]?.id ?? 0) - (b.connections[0]?.id ?? 0))
    .map((client, index) => ({ number: index + 1, ...client }));
}
