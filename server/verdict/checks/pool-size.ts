import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import { type Connection, isSilent } from '../facts.ts';
import { PROOFS_KEPT } from '../tally.ts';

/** What a client may have where no limit is named; a check of nothing could not fail. */
const USUAL = { h2: 8, 'http/1.1': 16 };

/** All connections, whatever they speak. */
const ALL = 'all';

function limitsOf(named: Readonly<Record<string, number | undefined>>): ReadonlyMap<string, number> {
  const limits = Object.entries(named).flatMap(([protocol, limit]) => (limit ? [[protocol, limit] as const] : []));
  return new Map(limits.length > 0 ? limits : Object.entries(USUAL));
}

/** One pool for each host and protocol (reference, C2). */
export const poolSize = defineCheck({
  name: 'pool-size',
  summary: 'Keeps no more connections open at a time than its pool for the host and the protocol should.',
  definition: `Counts the connections of a client that were open at the same time, for each host (server name, else the address) and the
protocol that ALPN chose. Connections that never finished their handshake do not count, nor do those that were sent a GOAWAY: a pool has
to replace them before their last answers are in. More than the limit is *too large*; a protocol without a limit may have any number.
\`all\` limits the connections to the service of any protocol, those that the service left waiting among them. Where no limit is named, ${USUAL.h2} of h2 and ${USUAL['http/1.1']} of HTTP/1.1 may be open.`,
  params: z
    .strictObject({
      h2: z.int().min(1).optional().describe('The most connections at a time that speak HTTP/2.'),
      'http/1.1': z.int().min(1).optional().describe('The most connections at a time that speak HTTP/1.1.'),
      [ALL]: z.int().min(1).optional().describe('The most connections at a time, also before their handshake.'),
    })
    .prefault(USUAL),
  mergeSensitive: true,
  expects: (named) =>
    `at a time and host at most ${[...limitsOf(named)]
      .map(([protocol, limit]) => `${many(limit, 'connection')}${protocol === ALL ? '' : ` of ${protocol}`}`)
      .join(' and ')}`,
  client: {
    watch(tally, named) {
      const limits = limitsOf(named);
      const pools = new Map<string, Set<Connection>>();
      const leave = (connection: Connection) => {
        pools.get(poolOf(connection))?.delete(connection);
        pools.get(ALL)?.delete(connection);
      };
      const join = (name: string, limit: number, connection: Connection) => {
        const { opened, secured = opened } = connection;
        // Opened before the run, nothing would prove that it is there.
        if (!opened || !secured) return;
        const pool = pools.get(name) ?? new Set();
        pools.set(name, pool.add(connection));
        // What was open when most were is all that matters.
        // Stryker disable next-line ConditionalExpression,EqualityOperator,LogicalOperator: it saves work alone.
        if (pool.size <= (tally.of(name).most?.value ?? 0)) return;
        // One on which nothing passes may be closed, and its end cannot arrive. What waits to be served is there all the same.
        const alive = [...pool].filter((one) => !isFrozen(one, secured));
        if (alive.length <= (tally.of(name).most?.value ?? 0)) return;
        const events = alive.slice(0, PROOFS_KEPT).flatMap(({ opened }) => opened?.seq ?? []);
        tally.list(name);
        tally.replace(name, events, alive.length);
        if (alive.length <= limit) return;
        tally.replace(`too large: ${name}`, events, alive.length);
        // Of thousands of pools not all are listed.
        tally.note('too large', events, alive.length, name);
      };
      return {
        opened(connection) {
          const limit = limits.get(ALL);
          if (limit !== undefined) join(ALL, limit, connection);
        },
        secured(connection) {
          const limit = limits.get(connection.secured?.protocol ?? 'h2') ?? Number.POSITIVE_INFINITY;
          join(poolOf(connection), limit, connection);
        },
        // A pool has to replace it before its last answers are in.
        goaway: leave,
        ended: leave,
      };
    },
    judge(tally) {
      const names = tally.listed;
      if (names.length === 0) return inconclusive('no connection of it got through its handshake');
      const figures = Object.fromEntries(names.map((name) => [name, tally.of(name).most?.value ?? 0]));
      const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
      const seen = `connections at a time: ${names
        .slice(0, SHOWN)
        .map((name) => `${figures[name]} ${name === ALL ? 'in all' : `of ${name}`}`)
        .join(', ')}${more}`;
      const large = names.map((name) => `too large: ${name}`).filter((kind) => tally.of(kind).count > 0);
      const { most: worst } = tally.of('too large');
      if (!worst) return pass(seen, { ...tally.proofs(...names), figures });
      const isListed = names.slice(0, SHOWN).includes(worst.what);
      return fail(isListed ? seen : `connections at a time: ${worst.value} of ${worst.what}`, {
        finding: 'too large',
        hint: 'Share one bounded pool for each host and protocol; over HTTP/2 a single connection carries many requests.',
        ...tally.proofs(...(isListed ? large : ['too large'])),
        figures,
      });
    },
  },
});

/** How many pools a sentence names. */
const SHOWN = 3;

const isFrozen = (connection: Connection, now: { readonly at: number }): boolean =>
  isSilent(connection, now) && Number.isFinite(connection.silence?.untilMs);

const poolOf = ({ hello, secured, opened }: Connection) =>
  `${secured?.protocol} to ${hello?.serverName ?? opened?.remote.replace(/:\d+$/, '')}`;
