import type { Journal, JournalEvent } from '../journal.ts';

/** How one client used its connections. */
export interface ClientReuse {
  /** As the scenario's `clients` identifies it. */
  readonly client: string;
  readonly connections: number;
  readonly requests: number;
  /** Requests on a connection that had had one before. */
  readonly reused: number;
  /** `reused` of `requests`, from 0 to 1 (reference, B7). */
  readonly ratio: number;
}

/** The client of requests that do not show theirs, on connections where no request does. */
export const NOT_KNOWN = 'not known';

type Received = JournalEvent<'request.received'>;

interface Use {
  readonly connections: Set<number>;
  requests: number;
  reused: number;
}

/** How each client used its connections, over the requests that the journal still holds. A request that
 * does not show its client, such as a preflight, belongs to the client that its connection had by then,
 * else to the first that it has later. */
export function reuseByClient(journal: Journal): readonly ClientReuse[] {
  const uses = new Map<string, Use>();
  const latest = new Map<number, string>();
  const waiting = new Map<number, Received[]>();
  for (const event of journal.events('request.received')) {
    const { client = latest.get(event.connection), connection } = event;
    if (client === undefined) {
      const those = waiting.get(connection) ?? [];
      those.push(event);
      waiting.set(connection, those);
      continue;
    }
    latest.set(connection, client);
    for (const earlier of waiting.get(connection) ?? []) count(uses, client, earlier);
    waiting.delete(connection);
    count(uses, client, event);
  }
  for (const event of [...waiting.values()].flat()) count(uses, NOT_KNOWN, event);
  return [...uses].map(([client, { connections, requests, reused }]) => ({
    client,
    connections: connections.size,
    requests,
    reused,
    ratio: reused / requests,
  }));
}

function count(uses: Map<string, Use>, client: string, { connection, request }: Received): void {
  const use = uses.get(client) ?? { connections: new Set(), requests: 0, reused: 0 };
  uses.set(client, use);
  use.connections.add(connection);
  use.requests++;
  // Requests are numbered within their connection.
  if (request > 1) use.reused++;
}

/** What the clients behind the first share a name as, where each name costs something. */
export const OTHER = 'other';

/** The first `limit` clients, and all others as one. */
export function mergeBeyond(clients: readonly ClientReuse[], limit: number): readonly ClientReuse[] {
  const others = clients.slice(limit);
  if (others.length === 0) return clients;
  const sum = (of: 'connections' | 'requests' | 'reused') => others.reduce((total, one) => total + one[of], 0);
  const [requests, reused] = [sum('requests'), sum('reused')];
  const merged = { client: OTHER, connections: sum('connections'), requests, reused, ratio: reused / requests };
  return [...clients.slice(0, limit), merged];
}
