import { expect, test } from 'vitest';
import { type ErrorCode, errorCodes } from '../../server/faults/error-codes.ts';
import { startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { openRawHttp2 } from './support/raw-http2.ts';
import { TASKS } from './support/tasks.ts';

const LIST = ['HEADERS 200', 'DATA 22', 'END_STREAM'];
const codes = Object.keys(errorCodes) as ErrorCode[];

/** The first and the third request wait for a second of a clock that stands still. */
const startBeside = (code: ErrorCode) =>
  startMockServer({
    clock: 'manual',
    scenario: {
      faults: [
        {
          name: 'cut',
          on: 'request',
          when: { nth: 2 },
          inject: [{ end: { at: { bodyBytes: 10 }, how: 'rst-stream', code } }],
        },
        { name: 'late', on: 'request', when: { nth: [1, 3] }, inject: [{ delay: { ms: '1s' } }] },
      ],
    },
  });

test.each(codes)('RST_STREAM %s takes one stream, and leaves its siblings alone', async (code) => {
  await using server = await startBeside(code);
  await using client = await openClient(server);
  const [before, cut, after] = [client.get(TASKS), client.get(TASKS), client.get(TASKS)];
  expect((await cut).frames).toEqual(['HEADERS 200', 'DATA 10', `RST_STREAM ${code}`]);
  await server.journal.waitFor('fault.injected', ({ ordinal, fault }) => fault === 'late' && ordinal === 3);
  await server.clock.waiting(1_000);
  await server.clock.advance(1_000);
  expect((await before).frames).toEqual(LIST);
  expect((await after).frames).toEqual(LIST);
  expect(server.journal.events('response.abandoned')).toMatchObject([{ stream: 3, how: 'rst-stream', cause: 'cut' }]);
  // What we reset ourselves is not the client's doing.
  expect(server.journal.events('stream.reset')).toEqual([]);
});

test.each(codes.filter((code) => code !== 'NO_ERROR'))('a client that sends RST_STREAM %s is named', async (code) => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { faults: [{ name: 'late', on: 'request', when: { nth: 1 }, inject: [{ delay: { ms: '1s' } }] }] },
  });
  await using client = await openRawHttp2(server);
  await client.request(1, 'GET', TASKS);
  await server.clock.waiting(1_000);
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(errorCodes[code]);
  await client.send('RST_STREAM', { stream: 1, payload });
  expect(await server.journal.waitFor('stream.reset')).toMatchObject({
    connection: 1,
    request: 1,
    stream: 1,
    code: errorCodes[code],
  });
  await client.request(3, 'GET', TASKS);
  await client.saw('DATA 22 on 3');
});

test('streams that fall with their connection are not told of as reset', async () => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { faults: [{ name: 'late', on: 'request', inject: [{ delay: { ms: '1s' } }] }] },
  });
  await using client = await openClient(server);
  void client.get(TASKS);
  await server.clock.waiting(1_000);
  await client.reset();
  await server.journal.waitFor('connection.ended');
  expect(server.journal.events('stream.reset')).toEqual([]);
});
