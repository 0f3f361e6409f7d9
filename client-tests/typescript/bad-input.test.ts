import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { type MockServer, startMockServer, UsageError } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openHttp1Client, writeRequest } from './support/http1.ts';
import { openRawSocket, openTlsSocket } from './support/sockets.ts';
import { TASKS, textOnly } from './support/tasks.ts';

/** Whatever came before, the next client is served. */
async function expectServing(server: MockServer): Promise<void> {
  await using client = await openClient(server);
  expect((await client.post(TASKS, textOnly)).status).toBe(200);
}

const errorIn = (text: string): { code: string; message: string; param: string; type: string } =>
  JSON.parse(text).error;

/** The first bytes of a handshake record that announces 69 bytes of ClientHello. */
const START_OF_CLIENT_HELLO = Buffer.from('16030100450100004103036c69676874', 'hex');

test('garbage instead of TLS is reset, and the journal quotes it', async () => {
  await using server = await startMockServer();
  await using socket = await openRawSocket(server);

  await socket.write('\x00\x01\x02 not TLS at all');

  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('rule.applied')).toMatchObject([
    { rule: 'cleartext', did: expect.stringContaining('\\u0000\\u0001\\u0002 not TLS') },
  ]);
  await expectServing(server);
});

test('a TLS record that holds no ClientHello is reset', async () => {
  await using server = await startMockServer();
  await using socket = await openRawSocket(server);

  await socket.write(Buffer.from('1603010004ffffffff', 'hex'));

  expect(await socket.ended()).toBe('reset');
  await expectServing(server);
});

test('a ClientHello that is never finished is reset after 30 s, in every profile', async () => {
  await using server = await startMockServer({ profile: 'permissive', clock: 'manual' });
  await using socket = await openRawSocket(server);
  await server.journal.waitFor('connection.opened');
  await socket.write(START_OF_CLIENT_HELLO);

  await server.clock.advance(29_999);
  expect(socket.end).toBe('open');
  await server.clock.advance(1);

  expect(await socket.ended()).toBe('reset');
  expect(server.journal.events('connection.ended')).toMatchObject([{ by: 'rule', how: 'reset', cause: 'handshake' }]);
  await expectServing(server);
});

test.each([
  ['a JSON string', 'model', ''],
  ['an array', '[]', ''],
  ['a number for the model', { ...textOnly, model: 7 }, 'model'],
  ['a text for the duration', { ...textOnly, duration: 'five' }, 'duration'],
  ['a text for the content', { ...textOnly, content: 'A lighthouse.' }, 'content'],
])('%s is a 400 with a request id, and the connection lives on', async (_name, body, param) => {
  await using server = await startMockServer();
  await using client = await openClient(server);

  const refused = await client.post(TASKS, body);
  expect(refused.status).toBe(400);
  expect(errorIn(refused.text)).toMatchObject({
    type: 'BadRequest',
    message: expect.stringMatching(/Request id: 02\w{51}$/),
  });
  if (param !== '') expect(errorIn(refused.text)).toMatchObject({ code: 'InvalidParameter', param });

  expect((await client.post(TASKS, textOnly)).status).toBe(200);
  expect(server.journal.events('connection.opened')).toHaveLength(1);
});

test('malformed JSON is a 400 that says where it breaks', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using socket = await openTlsSocket(server, { alpn: ['http/1.1'] });
  const head = `POST ${TASKS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer x\r\ncontent-length: 9\r\n`;

  await socket.write(`${head}content-type: application/json\r\n\r\n{"model":`);

  await socket.saw('"code":"InvalidParameter"');
  expect(socket.received).toContain('HTTP/1.1 400 Bad Request');
  expect(socket.received).toContain('not valid JSON');
  await expectServing(server);
});

test('an unknown task is a 404 for every call', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);

  const answer = await client.get(`${TASKS}/cgt-00000000000000-xxxxx`);

  expect(answer.status).toBe(404);
  expect(errorIn(answer.text)).toMatchObject({ code: 'ResourceNotFound', type: 'NotFound', param: '' });
});

test('a body over 64 MB is a 400, as the service says it', async () => {
  await using server = await startMockServer({ profile: 'permissive' });
  await using client = await openClient(server);
  const large = { ...textOnly, padding: 'x'.repeat(64 * 2 ** 20) };

  const refused = await client.post(TASKS, large);

  expect(refused.status).toBe(400);
  expect(errorIn(refused.text).message).toContain('limit of 67108864 bytes');
  await expectServing(server);
});

test('a body over 64 MB is refused on HTTP/1.1 before it is sent', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using client = await openHttp1Client(server);
  const size = String(64 * 2 ** 20 + 1);

  await client.socket.write(
    writeRequest('POST', TASKS, { 'content-length': size, 'content-type': 'application/json' }),
  );

  await client.socket.saw('limit of 67108864 bytes');
  expect(client.answers).toMatchObject([{ status: 400, head: expect.stringContaining('connection: close') }]);
  client.socket.finish();
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'server', how: 'fin' });
  await expectServing(server);
});

test('a body that is never finished ends with its client, and creates nothing', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using client = await openHttp1Client(server);
  const body = JSON.stringify(textOnly);

  await client.socket.write(writeRequest('POST', TASKS, { 'content-length': String(body.length + 1) }, body));
  await server.journal.waitFor('request.received');
  client.socket.reset();

  expect(await server.journal.waitFor('connection.ended')).toMatchObject({ by: 'client', requests: [{ path: TASKS }] });
  expect(server.journal.events('task.created')).toEqual([]);
  await expectServing(server);
});

test.each([
  ['two lengths that differ', 'host: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n'],
  ['a length and chunks', 'host: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n'],
  ['no host', ''],
])('%s are a 400 on HTTP/1.1', async (_name, fields) => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using socket = await openTlsSocket(server, { alpn: ['http/1.1'] });
  await socket.write(`POST ${TASKS} HTTP/1.1\r\n${fields}\r\n`);
  await socket.saw('HTTP/1.1 400 Bad Request');
  await expectServing(server);
});

test('an HTTP/2 frame that breaks the rules is answered by GOAWAY, and the journal blames the client', async () => {
  await using server = await startMockServer();
  await using socket = await openTlsSocket(server, { alpn: ['h2'] });
  await socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nno frame at all');
  expect(await socket.ended()).toBe('fin');

  // Behind our SETTINGS, which is 9 bytes, the type of the second frame: RFC 9113, section 6.8.
  expect(socket.received.charCodeAt(9 + 3)).toBe(0x7);
  expect(await server.journal.waitFor('connection.ended')).toMatchObject({
    by: 'client',
    how: 'error',
    cause: 'protocol',
    code: 'PROTOCOL_ERROR',
    explanation: expect.stringMatching(/./),
  });
  await expectServing(server);
});

test('header fields over the limit are refused on HTTP/1.1 with 431 and a JSON body', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using socket = await openTlsSocket(server, { alpn: ['http/1.1'] });

  await socket.write(`GET ${TASKS} HTTP/1.1\r\nhost: localhost\r\nx-padding: ${'x'.repeat(64 * 1_024)}\r\n\r\n`);

  await socket.saw('HTTP/1.1 431 Request Header Fields Too Large');
  await expectServing(server);
});

test('too many header fields end their stream on HTTP/2, and no other', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-padding-${at}`, 'x']));

  const refused = await client.get(TASKS, many);

  expect(refused.frames).toEqual(['RST_STREAM ENHANCE_YOUR_CALM']);
  expect((await client.post(TASKS, textOnly)).status).toBe(200);
});

test('a ClientHello in pieces of one byte is a ClientHello', async () => {
  await using server = await startMockServer();
  const raw = connect(Number(new URL(server.url).port), '127.0.0.1');
  raw.setNoDelay(true);
  const drip = new Duplex({
    read() {
      raw.resume();
    },
    async write(chunk: Buffer, _encoding, done) {
      for (const byte of chunk) await new Promise((resolve) => raw.write(Buffer.of(byte), resolve));
      done();
    },
  });
  raw.on('data', (chunk) => drip.push(chunk));
  const socket = connectTls({ socket: drip, ca: server.ca, servername: 'localhost', ALPNProtocols: ['h2'] });

  await once(socket, 'secureConnect');

  expect(socket.alpnProtocol).toBe('h2');
  raw.destroy();
});

test('a request that is no HTTP is a 400 on HTTP/1.1', async () => {
  await using server = await startMockServer({ profile: 'dual-stack' });
  await using socket = await openTlsSocket(server, { alpn: ['http/1.1'] });

  await socket.write('GET / HTTP/9.9\r\n\r\n');

  await socket.saw('HTTP/1.1 400 Bad Request');
  await expectServing(server);
});

test('a scenario with three mistakes gets three reports, and no server is left', async () => {
  const starting = startMockServer({
    scenario: `name: wrong
service: { idle: { after: 8 seconds } }
faults:
  - name: drain
    on: request
    inject: [ go-away: {} ]
taks: {}`,
  });

  const refused = await starting.catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(UsageError);
  expect((refused as UsageError).problems.map(({ code, at }) => `${at?.line}:${at?.column} ${code}`)).toEqual([
    '2:27 INVALID_DURATION',
    '6:15 UNKNOWN_FAULT',
    '7:1 UNKNOWN_KEY',
  ]);
});

test.each(['port', 'adminPort'] as const)('a taken %s is told with the way out', async (option) => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const address = holder.address();
  const taken = typeof address === 'object' && address ? address.port : 0;

  const refused = await startMockServer({ [option]: taken }).catch((error: unknown) => error);

  expect(refused).toBeInstanceOf(UsageError);
  expect((refused as UsageError).problems).toMatchObject([
    { code: 'PORT_IN_USE', hint: expect.stringContaining('0 takes a free one') },
  ]);
  await new Promise((resolve) => holder.close(resolve));
});
