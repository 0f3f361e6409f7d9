import type { Journal } from '../journal.ts';

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

/** How each client used its connections, over the requests that the journal still holds. */
export function reuseByClient(journal: Journal): readonly ClientReuse[] {
  const clients = new Map<string, { readonly connections: Set<number>; requests: number; reused: number }>();
  for (const { client, connection, request } of requestsIn(journal)) {
    const seen = clients.get(client) ?? { connections: new Set(), requests: 0, reused: 0 };
    clients.set(client, seen);
    seen.connections.add(connection);
    seen.requests++;
    // Requests are numbered within their connection.
    if (request > 1) seen.reused++;
  }
  return [...clients].map(([client, { connections, requests, reused }]) => ({
    client,
    connections: connections.size,
    requests,
    reused,
    ratio: reused / requests,
  }));
}

/** The requests, each with its client. One that does not show it, such as a preflight, belongs to the client
 * that its connection had by then, else to the first that it has later. */
function requestsIn(journal: Journal) {
  const received = journal.events('request.received');
  const first = new Map<number, string>();
  for (const { connection, client } of received)
    if (client !== undefined && !first.has(connection)) first.set(connection, client);
  const latest = new Map<number, string>();
  return received.map(({ client, connection, request }) => {
    if (client !== undefined) latest.set(connection, client);
    const known = client ?? latest.get(connection) ?? first.get(connection) ?? NOT_KNOWN;
    return { client: known, connection, request };
  });
}
