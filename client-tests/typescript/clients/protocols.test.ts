import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../../server/index.ts';
import { textOnly } from '../support/tasks.ts';
import { type Protocol, ProtocolClient, STREAMS_PER_CONNECTION } from './protocols.ts';

/** The protocol of each connection that got as far. */
const protocolsOf = (server: MockServer) => server.journal.events('connection.secured').map(({ protocol }) => protocol);

describe('row C4: ALPN first, then a channel to fall back on', () => {
  test('a modern client speaks h2 and a legacy one HTTP/1.1, side by side', async () => {
    await using server = await startMockServer({ profile: 'dual-stack' });
    await using modern = new ProtocolClient(server);
    await using legacy = new ProtocolClient(server);

    expect(await modern.call()).toBe(200);
    expect(await legacy.callBy('http/1.1')).toBe(200);

    expect(protocolsOf(server)).toEqual(['h2', 'http/1.1']);
    expect(server.journal.events('rule.applied')).toEqual([]);
  });

  test('where h2 is cut it goes on over HTTP/1.1, makes its task once, and does not try h2 again', async () => {
    await using server = await startMockServer({ scenario: 'h2-fallback' });
    await using client = new ProtocolClient(server);

    expect(await client.call('POST', textOnly)).toBe(200);
    expect(await client.call()).toBe(200);

    const [first, ...others] = server.journal.events('connection.hello').map(({ alpn }) => alpn);
    expect(first).toEqual(['http/1.1', 'h2']);
    expect(others.length).toBeGreaterThan(0);
    expect(new Set(others.flat())).toEqual(new Set(['http/1.1']));
    expect(new Set(protocolsOf(server))).toEqual(new Set(['http/1.1']));
    expect(server.journal.events('task.created')).toHaveLength(1);
    expect(server.journal.events('fault.injected')).toMatchObject([{ hook: 'client-hello', connection: 1 }]);
  });

  test('a client without one does not get through', async () => {
    await using server = await startMockServer({ scenario: 'h2-fallback' });
    await using client = new ProtocolClient(server);
    await expect(client.callBy('h2')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(server.journal.events('request.received')).toEqual([]);
  });

  test('an answer that was lost is no reason to fall back: the call may have been carried out', async () => {
    await using server = await startMockServer({ profile: 'dual-stack', scenario: 'lost-create' });
    await using client = new ProtocolClient(server);
    await expect(client.call('POST', textOnly)).rejects.toThrow();
    expect(server.journal.events('task.created')).toHaveLength(1);
  });
});

describe('row C2: one pool for each host and protocol', () => {
  /** As many as the pool for h2 can hold at once, and more than the one for HTTP/1.1 can. */
  const CALLS = 8 * STREAMS_PER_CONNECTION;

  test('the server sees 8 connections by h2 and 16 by HTTP/1.1, and no more of either', async () => {
    await using server = await startMockServer({ scenario: 'split-pools', clock: 2 });
    await using client = new ProtocolClient(server);
    const burst = (protocol: Protocol) => Array.from({ length: CALLS }, () => client.callBy(protocol));

    const answers = await Promise.all([...burst('h2'), ...burst('http/1.1')]);

    expect(answers).toEqual(Array(2 * CALLS).fill(200));
    const { connections } = (await (await fetch(`${server.adminUrl}/connections`)).json()) as {
      connections: readonly { protocol: Protocol; requestsSeen: number }[];
    };
    const requestsBy = (protocol: Protocol) =>
      connections.filter((connection) => connection.protocol === protocol).map(({ requestsSeen }) => requestsSeen);
    expect([requestsBy('h2').length, requestsBy('http/1.1').length]).toEqual([8, 16]);
    expect(server.journal.events('connection.opened')).toHaveLength(8 + 16);
    for (const protocol of ['h2', 'http/1.1'] as const) {
      expect(requestsBy(protocol).reduce((sum, seen) => sum + seen, 0)).toBe(CALLS);
    }
  });
});
