import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { TASKS, textOnly } from './support/tasks.ts';

/** A host of media, which answers every path as it is told. */
async function openHost(answer: (response: ServerResponse, path: string) => void) {
  const asked: string[] = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(response, request.url ?? '');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const start = (media: NonNullable<ScenarioInput['media']>) => startMockServer({ clock: 'manual', scenario: { media } });
const withImage = (url: string) => ({
  ...textOnly,
  content: [...textOnly.content, { type: 'image_url', image_url: { url } }],
});
const notValid = (param: string, sentence: string) => ({
  code: 'InvalidParameter',
  param,
  message: expect.stringContaining(
    `The parameter \`${param}\` specified in the request is not valid: ${sentence}. Request id`,
  ),
});

test('media are not fetched unless a scenario asks for it', async () => {
  await using host = await openHost((response) => response.end());
  await using server = await startMockServer();
  await using client = await openClient(server);
  expect((await client.post(TASKS, withImage(`${host.url}/a.png`))).status).toBe(200);
  expect(host.asked).toEqual([]);
});

test('a create whose media are there is taken', async () => {
  await using host = await openHost((response) => response.writeHead(200, { 'content-type': 'image/png' }).end('png'));
  await using server = await start({ fetch: true });
  await using client = await openClient(server);
  expect((await client.post(TASKS, withImage(`${host.url}/a.png`))).status).toBe(200);
  expect(host.asked).toEqual(['/a.png']);
  expect(server.journal.events('task.created')).toHaveLength(1);
});

test.each([
  ['are not there', 404, {}, 'resource download failed'],
  ['moved', 302, { location: '/b.png' }, 'resource download failed'],
  ['are of another kind', 200, { 'content-type': 'text/html' }, 'text/html is no supported image format'],
  ['have no known format', 200, { 'content-type': 'image/svg+xml' }, 'image/svg+xml is no supported image format'],
  [
    'are too large',
    200,
    { 'content-type': 'image/png', 'content-length': `${31 * 2 ** 20}` },
    'image size exceeds the limit of 31457280 bytes',
  ],
] as const)('a create whose media %s is refused, and creates nothing', async (_what, status, headers, sentence) => {
  await using host = await openHost((response) => response.writeHead(status, headers).end('x'));
  await using server = await start({ fetch: true });
  await using client = await openClient(server);
  const refused = await client.post(TASKS, withImage(`${host.url}/a.png`));
  expect(refused.status).toBe(400);
  expect(JSON.parse(refused.text).error).toMatchObject(notValid('content[1].image_url', sentence));
  expect(server.journal.events('task.created')).toEqual([]);
});

test.each([undefined, 'Image/PNG', 'image/jpeg; charset=binary', 'application/octet-stream', 'binary/octet-stream'])(
  'an answer of type %s may be an image',
  async (type) => {
    await using host = await openHost((response) =>
      response.writeHead(200, type ? { 'content-type': type } : {}).end('x'),
    );
    await using server = await start({ fetch: true });
    await using client = await openClient(server);
    expect((await client.post(TASKS, withImage(`${host.url}/a`))).status).toBe(200);
  },
);

test('audio that goes on past its limit, unannounced, is refused', async () => {
  await using host = await openHost((response) => {
    response.writeHead(200, { 'content-type': 'audio/mpeg' });
    response.end(Buffer.alloc(15 * 2 ** 20 + 1));
  });
  await using server = await start({ fetch: true });
  await using client = await openClient(server);
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' }, role: 'reference_image' };
  const audio = { type: 'audio_url', audio_url: { url: `${host.url}/a.mp3` }, role: 'reference_audio' };
  const refused = await client.post(TASKS, { ...textOnly, content: [image, audio] });
  expect(JSON.parse(refused.text).error).toMatchObject(
    notValid('content[1].audio_url', 'audio size exceeds the limit of 15728640 bytes'),
  );
});

test('media that break off on the way are not downloaded', async () => {
  await using host = await openHost((response) => {
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': '9' });
    response.write('half', () => response.destroy());
  });
  await using server = await start({ fetch: true });
  await using client = await openClient(server);
  const refused = await client.post(TASKS, withImage(`${host.url}/a.png`));
  expect(JSON.parse(refused.text).error).toMatchObject(notValid('content[1].image_url', 'resource download failed'));
});

test('a server that closes gives up what it fetches', async () => {
  const [asked, hungUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using host = await openHost((response) => {
    response.on('close', hungUp.resolve);
    asked.resolve();
  });
  const server = await start({ fetch: true });
  await using client = await openClient(server);
  const asking = client.post(TASKS, withImage(`${host.url}/a.png`));
  await asked.promise;
  await server[Symbol.asyncDispose]();
  await hungUp.promise;
  await asking.catch(() => {});
  expect(server.journal.events('task.created')).toEqual([]);
});

test('a host that does not answer is given up after the time-out', async () => {
  await using host = await openHost(() => {});
  await using server = await start({ fetch: true, timeout: '3s' });
  await using client = await openClient(server);
  const asking = client.post(TASKS, withImage(`${host.url}/a.png`));
  await server.clock.waiting(3_000);
  await server.clock.advance(3_000);
  const refused = await asking;
  expect(JSON.parse(refused.text).error).toMatchObject(
    notValid('content[1].image_url', 'timeout while fetching resource'),
  );
});

test('hosts elsewhere are not called', async () => {
  await using server = await start({ fetch: true });
  await using client = await openClient(server);
  const refused = await client.post(TASKS, withImage('http://203.0.113.9/a.png'));
  expect(JSON.parse(refused.text).error).toMatchObject(notValid('content[1].image_url', 'resource download failed'));
});

test('an asset that the scenario does not know is not found', async () => {
  await using server = await start({ assets: ['asset-20260401123456-abcde'] });
  await using client = await openClient(server);
  expect((await client.post(TASKS, withImage('asset://asset-20260401123456-abcde'))).status).toBe(200);
  const refused = await client.post(TASKS, withImage('asset://asset-20260401123456-zzzzz'));
  expect(JSON.parse(refused.text).error).toMatchObject(
    notValid('content[1].image_url.url', 'The specified asset asset-20260401123456-zzzzz is not found'),
  );
});
