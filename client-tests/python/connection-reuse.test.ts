import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { runClient } from '../cli/run-client.ts';
import { findPython, script } from './python.ts';

const python = (await findPython()) ?? '';

interface Reuse {
  readonly connections: number;
  readonly requests: number;
  readonly reused: number;
  readonly ratio: number;
}

/** What the server has measured of the clients it has met, in the order in which they came. */
async function measured({ adminUrl }: MockServer): Promise<readonly Reuse[]> {
  const { clients } = (await (await fetch(`${adminUrl}/clients`)).json()) as { clients: readonly Reuse[] };
  return clients;
}

describe.runIf(python)('row B7: how many requests come on a connection that had one before', () => {
  test.each(['aiohttp', 'httpx'])('%s that is tuned reuses far more than as it comes', async (library) => {
    await using server = await startMockServer({ scenario: 'connection-reuse' });

    for (const setting of ['default', 'tuned']) {
      const { exitCode, stderr } = await runClient(server, python, script('connection_reuse.py'), library, setting);
      expect([exitCode, stderr]).toEqual([0, '']);
    }

    const [asItComes, tuned] = await measured(server);
    if (!asItComes || !tuned) throw new Error('a client never came');
    console.log(
      `${library}: ${percent(asItComes)} of requests on a used connection by default, ${percent(tuned)} tuned`,
    );
    expect([asItComes.requests, tuned.requests]).toEqual([160, 160]);
    expect(tuned.connections).toBeLessThanOrEqual(18);
    expect(tuned.ratio - asItComes.ratio).toBeGreaterThan(0.4);
    const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
    expect(metrics).toMatch(/seedance_mock_connection_reuse_ratio\{client="key-\w+ [^"]+"\} 0\.8/);
  });
});

const percent = ({ ratio }: Reuse) => `${Math.round(ratio * 100)} %`;
