import { describe, expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { TASKS } from './reference/http2-call.ts';
import { makeHardened, naiveOn } from './support/judged-clients.ts';

type Protocol = 'h2' | 'http/1.1';

const start = (scenario: string | ScenarioInput) => startMockServer({ clock: 'manual', scenario });
const offering = (...offer: Protocol[]): ScenarioInput => ({
  profile: 'dual-stack',
  service: { alpn: { offer, mismatch: 'reset' } },
  expect: ['backoff'],
});

/** What each ClientHello offered, in order. */
const offersOf = ({ journal }: MockServer) => journal.events('connection.hello').map(({ alpn }) => alpn?.join());
/** The protocol of each connection that got through. */
const protocolsOf = ({ journal }: MockServer) => journal.events('connection.secured').map(({ protocol }) => protocol);
/** Who cut a connection, each time. */
const cutsOf = ({ journal }: MockServer) =>
  journal.events('connection.ended').flatMap(({ by, how }) => (how === 'reset' ? by : []));

describe('row C4: h2 by ALPN first, and HTTP/1.1 where it is cut', () => {
  test('a service that has both is spoken to by h2 alone', async () => {
    await using server = await start(offering('h2', 'http/1.1'));

    expect(await makeHardened(server)).toBe('succeeded');

    expect(offersOf(server)).toEqual(['h2']);
    expect(protocolsOf(server)).toEqual(['h2']);
  });

  describe.each([
    { where: 'the service', scenario: offering('http/1.1'), by: 'rule' },
    { where: 'something on the path', scenario: 'h2-fallback', by: 'fault' },
  ])('$where cuts h2', ({ scenario, by }) => {
    test('three times, and the hardened client makes its video over HTTP/1.1', async () => {
      await using server = await start(scenario);

      expect(await makeHardened(server)).toBe('succeeded');

      expect(offersOf(server)).toEqual(['h2', 'h2', 'h2', 'http/1.1']);
      expect(cutsOf(server)).toEqual([by, by, by]);
      expect(protocolsOf(server)).toEqual(['http/1.1']);
      expect(server.journal.events('task.created')).toHaveLength(1);
      expect((await server.verdict()).result('backoff')).toMatchObject({ outcome: 'pass' });
    });

    test('as often as the naive client tries, and it never gets through', async () => {
      await using server = await start(scenario);

      await expect(naiveOn(server).makeVideo()).rejects.toMatchObject({ code: 'ECONNRESET' });

      expect(offersOf(server)).toEqual(Array(20).fill('h2'));
      expect(protocolsOf(server)).toEqual([]);
      expect((await server.verdict()).result('backoff')).toMatchObject({
        outcome: 'fail',
        clients: [{ finding: 'too fast' }],
      });
    });
  });

  test('an outage is not taken for a cut of h2 for good: where HTTP/1.1 does not get through either, h2 is tried again', async () => {
    const outage: ScenarioInput['faults'] = [{ name: 'outage', on: 'accept', when: { first: 3 }, inject: ['reset'] }];
    await using server = await start({ ...offering('h2'), faults: outage });

    expect(await makeHardened(server)).toBe('succeeded');

    expect(cutsOf(server)).toEqual(['fault', 'fault', 'fault', 'rule', 'rule', 'rule']);
    expect(offersOf(server)).toEqual(['http/1.1', 'http/1.1', 'http/1.1', 'h2']);
    expect(protocolsOf(server)).toEqual(['h2']);
  });
});

test('a body that a reset cuts after GOAWAY is not taken for whole, though Node tells of no error', async () => {
  const match = { method: 'GET', path: `${TASKS}/:id` };
  const inject = [{ goaway: { code: 'NO_ERROR' } }, { end: { at: { bodyBytes: 40 }, how: 'reset' } }] as const;
  await using server = await start({
    faults: [{ name: 'drained and cut', on: 'request', match, when: { nth: 1 }, inject: [...inject] }],
    expect: ['recovers-within'],
  });

  expect(await makeHardened(server)).toBe('succeeded');

  expect(cutsOf(server)).toEqual(['fault']);
  expect((await server.verdict()).result('recovers-within')).toMatchObject({ outcome: 'pass' });
});
