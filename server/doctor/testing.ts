import type { Subject } from './subject.ts';

/** A subject of which nothing is known but what a test gives. */
export function subjectFor(given: Partial<Subject> & Pick<Subject, 'kind'>): Subject {
  const { host = 'localhost', port = 8443 } = given;
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    host,
    port,
    admin: { url: 'http://localhost:8480', named: false },
    ca: undefined,
    door: { host, port, serverName: host },
    approach: Promise.resolve({}),
    connections: 1,
    trustEnvironment: async () => ({}),
    ...given,
  };
}
