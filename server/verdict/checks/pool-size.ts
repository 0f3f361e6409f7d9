import { z } from 'zod';
import { defineCheck, fail, inconclusive, many, pass } from '../check.ts';
import type { Connection } from '../evidence.ts';

/** What a client may have where no limit is named; a check of nothing could not fail. */
const USUAL = { h2: 8, 'http/1.1': 16 };

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
Where none is named, ${USUAL.h2} of h2 and ${USUAL['http/1.1']} of HTTP/1.1 may be open.`,
  params: z
    .strictObject({
      h2: z.int().min(1).optional().describe('The most connections at a time that speak HTTP/2.'),
      'http/1.1': z.int().min(1).optional().describe('The most connections at a time that speak HTTP/1.1.'),
    })
    .prefault(USUAL),
  expects: (named) =>
    `at a time and host at most ${[...limitsOf(named)]
      .map(([protocol, limit]) => `${many(limit, 'connection')} of ${protocol}`)
      .join(' and ')}`,
  judgeClient({ connections }, named) {
    const limits = limitsOf(named);
    const secured = connections.filter((connection) => connection.secured && connection.opened);
    if (secured.length === 0) return inconclusive('no connection of it got through its handshake');
    const pools = [...Map.groupBy(secured, poolOf)].map(([name, pool]) => ({ name, pool, most: mostAtOnce(pool) }));
    const limitOf = ({ pool: [first] }: (typeof pools)[number]) =>
      limits.get(first?.secured?.protocol ?? 'h2') ?? Infinity;
    const seen = pools.map(({ name, most }) => `${most.length} of ${name}`).join(', ');
    const figures = Object.fromEntries(pools.map(({ name, most }) => [name, most.length]));
    const large = pools.filter((pool) => pool.most.length > limitOf(pool));
    const events = (those: typeof pools) =>
      those.flatMap(({ most }) => most.flatMap(({ opened }) => opened?.seq ?? []));
    if (large.length === 0) return pass(`connections at a time: ${seen}`, { events: events(pools), figures });
    return fail(`connections at a time: ${seen}`, {
      finding: 'too large',
      hint: 'Share one bounded pool for each host and protocol; over HTTP/2 a single connection carries many requests.',
      events: events(large),
      figures,
    });
  },
});

const poolOf = ({ hello, secured, opened }: Connection) =>
  `${secured?.protocol} to ${hello?.serverName ?? opened?.remote.replace(/:\d+$/, '')}`;

/** When a connection left its pool, as a sequence number. */
const leftAt = ({ ended, goaways: [goaway] }: Connection): number =>
  Math.min(ended?.seq ?? Infinity, goaway?.seq ?? Infinity);

/** The connections that were open when most of them were. */
function mostAtOnce(pool: readonly Connection[]): readonly Connection[] {
  let most: readonly Connection[] = [];
  let open: readonly Connection[] = [];
  for (const connection of pool.toSorted((a, b) => (a.opened?.seq ?? 0) - (b.opened?.seq ?? 0))) {
    const since = connection.opened?.seq ?? 0;
    open = [...open.filter((one) => leftAt(one) > since), connection];
    if (open.length > most.length) most = open;
  }
  return most;
}
