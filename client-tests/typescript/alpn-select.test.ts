import { expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { openTlsSocket } from './support/sockets.ts';

const startWith = (protocol: string, profile: 'seedance' | 'dual-stack' = 'seedance') =>
  startMockServer({
    profile,
    scenario: { faults: [{ name: 'alpn', on: 'handshake', inject: [{ 'alpn-select': { protocol } }] }] },
  });

const LIST = 'GET /api/v3/contents/generations/tasks HTTP/1.1\r\nhost: a\r\nauthorization: Bearer x\r\n\r\n';

const versions = ['TLSv1.2', 'TLSv1.3'] as const;

test.each(versions)('over %s http/1.1 is answered and spoken, although h2 was offered', async (version) => {
  await using server = await startWith('http/1.1');
  await using socket = await openTlsSocket(server, { alpn: ['h2', 'http/1.1'], version });
  expect(socket.secured).toEqual({ alpn: 'http/1.1', version });
  await socket.write(LIST);
  await socket.saw('HTTP/1.1 200 OK');
  expect(server.journal.events('connection.secured')).toMatchObject([{ protocol: 'http/1.1' }]);
});

test.each(versions)('over %s ALPN is left unanswered, and HTTP/1.1 spoken', async (version) => {
  await using server = await startWith('none');
  await using socket = await openTlsSocket(server, { alpn: ['h2', 'http/1.1'], version });
  expect(socket.secured).toEqual({ alpn: false, version });
  await socket.write(LIST);
  await socket.saw('HTTP/1.1 200 OK');
});

test.each(versions)('over %s a protocol that was not offered is answered, and a client gives up', async (version) => {
  await using server = await startWith('h3');
  await using socket = await openTlsSocket(server, { alpn: ['h2', 'http/1.1'], version });
  expect(socket).toMatchObject({ end: 'ERR_SSL_BAD_EXTENSION', secured: undefined });
});

test('where the fault answers, the rule that wants h2 offered does not judge', async () => {
  await using server = await startWith('http/1.1');
  await using socket = await openTlsSocket(server, { alpn: ['http/1.1'] });
  expect(socket.secured?.alpn).toBe('http/1.1');
  expect(server.journal.events('rule.applied')).toEqual([]);
});

test('a client that sends no ALPN is judged as ever', async () => {
  await using server = await startWith('none');
  await using socket = await openTlsSocket(server);
  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('rule.applied')).toMatchObject([{ rule: 'alpn' }]);
});
