import type { MockServer } from '../../../server/index.ts';

/** What the verdict holds against the clients: by check, the findings. */
export async function namedFaults(server: MockServer): Promise<Readonly<Record<string, readonly string[]>>> {
  const { checks } = (await server.verdict()).report;
  const found = checks.map(({ check, clients }) => [check, clients.flatMap(({ finding }) => finding ?? [])] as const);
  return Object.fromEntries(found.filter(([, findings]) => findings.length > 0));
}
