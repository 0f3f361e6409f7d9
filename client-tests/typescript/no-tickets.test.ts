import tls from 'node:tls';
import { expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { leaveOpenSsl } from './support/sockets.ts';

type Version = 'TLSv1.2' | 'TLSv1.3';

/** Shakes hands, with a session when there is one, and waits for the server's first bytes, which come after its tickets. */
async function shakeHands({ url, ca }: MockServer, version: Version, session?: Buffer) {
  const socket = tls.connect({
    port: Number(new URL(url).port),
    host: '127.0.0.1',
    ca,
    servername: 'localhost',
    ALPNProtocols: ['h2'],
    minVersion: version,
    maxVersion: version,
    ...(session && { session }),
  });
  let kept: Buffer | undefined;
  socket.on('session', (given) => {
    kept = given;
  });
  await new Promise<void>((resolve, reject) => socket.once('data', () => resolve()).once('error', reject));
  const seen = { reused: socket.isSessionReused(), ticket: socket.getTLSTicket(), session: kept };
  await leaveOpenSsl();
  socket.destroy();
  return seen;
}

test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s: without the fault a session is resumed', async (version) => {
  await using server = await startMockServer();
  const { session } = await shakeHands(server, version);
  expect((await shakeHands(server, version, session)).reused).toBe(true);
});

test('TLS 1.2: the handshake brings no ticket, and the session is not resumed', async () => {
  await using server = await startMockServer({ scenario: 'no-tickets' });
  const { session, ticket } = await shakeHands(server, 'TLSv1.2');
  expect(ticket).toBeUndefined();
  expect((await shakeHands(server, 'TLSv1.2', session)).reused).toBe(false);
});

test('TLS 1.3: no ticket follows the handshake', async () => {
  await using server = await startMockServer({ scenario: 'no-tickets' });
  expect(await shakeHands(server, 'TLSv1.3')).toMatchObject({ session: undefined, reused: false });
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s: a ticket from before the fault is worth nothing', async (version) => {
  const noTickets = { name: 'none', on: 'handshake', when: { after: 1 }, inject: ['no-tickets'] } as const;
  await using server = await startMockServer({ scenario: { faults: [noTickets] } });
  const { session } = await shakeHands(server, version);
  expect(session).toBeDefined();
  expect((await shakeHands(server, version, session)).reused).toBe(false);
});
