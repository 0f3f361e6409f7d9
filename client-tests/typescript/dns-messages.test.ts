import type { OptAnswer } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ScenarioInput, startMockServer } from '../../server/index.ts';
import { askByUdp, framed, openDnsConnection, queryFor, rcodeOf, resolverOf, told } from './support/dns.ts';

const ARK = 'ark.cn-beijing.volces.com';
type FaultInput = NonNullable<ScenarioInput['faults']>[number];
const start = (...faults: readonly FaultInput[]) =>
  startMockServer({ clock: 'manual', dnsPort: 0, scenario: { faults } });

/** RFC 1035, section 4.1.1. */
const [FORMERR, NOTIMP, REFUSED] = [1, 4, 5];
const OPT: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1_232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

/** A query with one of its bytes changed, and maybe cut short; or any bytes at all. */
const brokenQuery = fc.oneof(
  fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
  fc.record({ at: fc.nat(80), byte: fc.nat(255), left: fc.nat(80) }).map(({ at, byte, left }) => {
    const query = queryFor(ARK, { additionals: [OPT] });
    query[at % query.length] = byte;
    return left < 12 ? query : query.subarray(0, left);
  }),
);

describe('what is asked oddly', () => {
  test('is told what is wrong with it', async () => {
    await using server = await start();
    const ask = async (message: Buffer) => rcodeOf(await askByUdp(server.dns, [message]));
    const query = queryFor(ARK);
    const NOTIFY = 4 << 11;

    expect(await ask(query.subarray(0, 20))).toBe(FORMERR);
    expect(await ask(queryFor(ARK, { questions: [] }))).toBe(FORMERR);
    const question = { type: 'A', name: ARK } as const;
    expect(await ask(queryFor(ARK, { questions: [question, question] }))).toBe(FORMERR);
    expect(await ask(Buffer.concat([query, Buffer.alloc(5_000)]))).toBe(FORMERR);
    expect(await ask(queryFor(ARK, { flags: NOTIFY }))).toBe(NOTIMP);
    expect(await ask(queryFor(ARK, { questions: [{ ...question, class: 'CH' }] }))).toBe(REFUSED);
    expect(await ask(queryFor(ARK, { questions: [{ ...question, type: 'AXFR' }] }))).toBe(REFUSED);
    expect(told(server).filter((line) => !line.startsWith('udp '))).toEqual([]);
  });

  test('is left alone when it is no query: an answer to an answer could go on for ever', async () => {
    await using server = await start();
    const answer = queryFor(ARK, { type: 'response', id: 1 });
    const reply = await askByUdp(server.dns, [Buffer.alloc(0), Buffer.from('short'), answer, queryFor(ARK, { id: 2 })]);
    expect(reply.id).toBe(2);
    expect(server.journal.events('dns.query')).toHaveLength(1);
  });

  test('harms nobody, whatever its bytes are', async () => {
    await using server = await start();
    await fc.assert(
      fc.asyncProperty(fc.array(brokenQuery, { minLength: 1, maxLength: 5 }), async (messages) => {
        await using connection = await openDnsConnection(server.dns);
        for (const message of messages) connection.write(framed(message));
        await askByUdp(server.dns, [...messages, queryFor(ARK)]);
      }),
      { numRuns: 100, seed: 4_711 },
    );
    expect(await resolverOf(server).resolve4(ARK)).toEqual(['127.0.0.1']);
    expect(server.journal.events('bug')).toEqual([]);
  });

  test('EDNS is answered with EDNS, a version of it that there is not with BADVERS', async () => {
    await using server = await start();
    const withOpt = (ednsVersion: number) => queryFor(ARK, { additionals: [{ ...OPT, ednsVersion }] });
    const optOf = async (message: Buffer) => (await askByUdp(server.dns, [message])).additionals;
    expect(await optOf(queryFor(ARK))).toEqual([]);
    expect(await optOf(withOpt(0))).toMatchObject([{ type: 'OPT', extendedRcode: 0 }]);
    expect(await optOf(withOpt(1))).toMatchObject([{ type: 'OPT', extendedRcode: 1 }]);
    expect(told(server).at(-1)).toBe('udp A BADVERS');
  });
});

describe('over TCP', () => {
  test('queries come on one connection, in pieces and several at once', async () => {
    await using server = await start();
    await using connection = await openDnsConnection(server.dns);
    const [first, second, third] = [1, 2, 3].map((id) => framed(queryFor(ARK, { id })));
    if (!first || !second || !third) throw new Error();
    connection.write(first.subarray(0, 1));
    connection.write(first.subarray(1, 20));
    connection.write(Buffer.concat([first.subarray(20), second, third]));
    await connection.saw(3);
    expect(connection.replies.map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  test('a late answer lets those after it pass by (RFC 7766, section 7)', async () => {
    await using server = await start({ name: 'late', on: 'dns', when: { nth: 1 }, inject: [{ delay: { ms: '2s' } }] });
    await using connection = await openDnsConnection(server.dns);
    connection.write(Buffer.concat([framed(queryFor(ARK, { id: 1 })), framed(queryFor(ARK, { id: 2 }))]));
    await connection.saw(1);
    await server.clock.advance(2_000);
    await connection.saw(2);
    expect(connection.replies.map(({ id }) => id)).toEqual([2, 1]);
  });

  test('a client that leaves before its answer is told nothing', async () => {
    await using server = await start({ name: 'late', on: 'dns', when: { nth: 1 }, inject: [{ delay: { ms: '2s' } }] });
    await using connection = await openDnsConnection(server.dns);
    connection.write(framed(queryFor(ARK)));
    await server.clock.waiting(2_000);
    connection.reset();
    await connection.closed;
    // Its reset travels no faster than the query of another one.
    await using other = await openDnsConnection(server.dns);
    other.write(framed(queryFor('example.com')));
    await other.saw(1);
    await server.clock.advance(2_000);
    expect(told(server)).toEqual(['tcp A REFUSED', 'tcp A none']);
  });

  test('a client that asks and asks and never reads is cut off', async () => {
    await using server = await start();
    await using connection = await openDnsConnection(server.dns);
    connection.pause();
    // The kernel takes some millions of bytes before the server notices.
    const queries = Buffer.concat(Array(500).fill(framed(queryFor(`${'long-label.'.repeat(20)}localhost`))));
    await connection.writeUntilClosed(queries);
    expect(server.journal.events('bug')).toEqual([]);
  });

  test('a message longer than any query ends the connection', async () => {
    await using server = await start();
    await using connection = await openDnsConnection(server.dns);
    connection.write(Buffer.from([0xff, 0xff, 0]));
    await connection.closed;
  });
});
