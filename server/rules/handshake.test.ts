import { expect, test } from 'vitest';
import { openRawSocket } from '../../client-tests/typescript/support/sockets.ts';
import { startMockServer } from '../index.ts';

/** A TLS record that promises 512 bytes of handshake, and the first of them. */
const UNFINISHED_HELLO = Buffer.from('160301020001', 'hex');

test.each([
  ['nothing', ''],
  ['half a ClientHello', UNFINISHED_HELLO],
  ['half a request line', 'GET /api'],
])('profile permissive resets a client that says %s after 30 s', async (_title, bytes) => {
  await using server = await startMockServer({ clock: 'manual', profile: 'permissive' });
  await using socket = await openRawSocket(server);
  await socket.write(bytes);
  await server.journal.waitFor('connection.opened');

  await server.clock.advance(29_999);
  expect(socket.end).toBe('open');
  await server.clock.advance(1);
  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('rule.applied')).toMatchObject([
    { rule: 'handshake', line: 'http2: server: TLS handshake not finished in 30s -> reset' },
  ]);
});

test('a client that adds a byte now and then does not outlast the limit', async () => {
  await using server = await startMockServer({ clock: 'manual' });
  await using socket = await openRawSocket(server);
  await socket.write(UNFINISHED_HELLO);
  for (let second = 0; second < 30 && socket.end === 'open'; second += 5) {
    await server.clock.advance(5_000);
    await socket.write('\0');
  }
  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', ageMs: 30_000 }]);
});
