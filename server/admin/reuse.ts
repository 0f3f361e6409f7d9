import type { Journal } from '../journal.ts';

/** How one client used its connections. */
export interface ClientReuse {
  /** As `request.received` names it: by its API key, else by its address. */
  readonly client: string;
  readonly connections: number;
  readonly requests: number;
  /** Requests on a connection that had had one before. */
  readonly reused: number;
  /** `reused` of `requests`, from 0 to 1 (reference, B7). */
  readonly ratio: number;
}

/** How each client used its connections, over the requests that the journal still holds. */
export function reuseByClient(journal: Journal): readonly ClientReuse[] {
  const clients = new Map<string, { readonly connections: Set<number>; requests: number; reused: number }>();
  for (const { client, connection, request } of journal.events('request.received')) {
    if (client === undefined) continue;
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
