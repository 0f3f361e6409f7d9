import { createSocket } from 'node:dgram';
import type { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { type MockServer, type ScenarioInput, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { askByUdp, openDnsConnection, portOf, queryFor, rcodeOf, resolverOf, told } from './support/dns.ts';
import { TASKS } from './support/tasks.ts';

const ARK = 'ark.cn-beijing.volces.com';
/** Waits no longer than this for an answer, and asks once. */
const IMPATIENT_MS = 100;

/** An address of this machine that others can reach. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
if (outside === undefined) console.log('DNS is not asked from elsewhere: this machine has no address but loopback');

/** Whether the mock takes connections at an address. */
async function connects({ url }: MockServer, address: string): Promise<boolean> {
  const socket = net.connect(Number(new URL(url).port), address);
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}

type FaultInput = Extract<NonNullable<ScenarioInput['faults']>[number], { on: 'dns' }>;

const start = (...faults: readonly FaultInput[]) =>
  startMockServer({ clock: 'manual', dnsPort: 0, scenario: { faults } });
const startWith = (...inject: FaultInput['inject']) => start({ name: 'bad DNS', on: 'dns', inject });

/** Resolves the name, connects to what it leads to, and calls the service. */
async function callByName(server: MockServer, resolver: Resolver): Promise<number | undefined> {
  const [address] = await resolver.resolve4(ARK);
  expect(address).toBe('127.0.0.1');
  await using client = await openClient(server);
  return (await client.get(TASKS)).status;
}

describe('without faults', () => {
  test.each([ARK, 'ark.ap-southeast.bytepluses.com', 'localhost', 'a.b.localhost', 'LocalHost'])(
    '%s leads to the mock',
    async (name) => {
      await using server = await start();
      expect(await resolverOf(server).resolve4(name)).toEqual(['127.0.0.1']);
      expect(server.journal.events('dns.query')).toMatchObject([
        { remote: '127.0.0.1', transport: 'udp', name: name.toLowerCase(), record: 'A', rcode: 'NOERROR', ms: 0 },
      ]);
    },
  );

  test('a name that it was given, and none beside', async () => {
    await using server = await startMockServer({ dnsPort: 0, dnsName: ['*.example.com'] });
    const resolver = resolverOf(server);
    expect(await resolver.resolve4('api.example.com')).toEqual(['127.0.0.1']);
    await expect(resolver.resolve4('example.com')).rejects.toMatchObject({ code: 'EREFUSED' });
    await expect(resolver.resolve4('notvolces.com')).rejects.toMatchObject({ code: 'EREFUSED' });
  });

  test('a name without an address of the kind exists all the same', async () => {
    await using server = await start();
    await expect(resolverOf(server).resolve6(ARK)).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolverOf(server).resolveTxt(ARK)).rejects.toMatchObject({ code: 'ENODATA' });
  });

  test('AAAA leads to a mock that listens on IPv6', async () => {
    await using server = await startMockServer({ host: '::1', dnsPort: 0 });
    expect(server.dns).toMatch(/^\[::1\]:\d+$/);
    expect(await resolverOf(server).resolve6(ARK)).toEqual(['::1']);
  });

  test('one that listens everywhere tells a client beside it the way that is open to it', async () => {
    await using server = await startMockServer({ host: '0.0.0.0', dnsPort: 0 });
    expect(server.dns).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await resolverOf(server).resolve4(ARK)).toEqual(['127.0.0.1']);
  });

  test.each([
    ['127.0.0.1', ['127.0.0.1'], []],
    ['0.0.0.0', ['127.0.0.1'], []],
    ['::1', [], ['::1']],
    ['::', ['127.0.0.1'], ['::1']],
  ])('on %s: each address leads to the mock, and a family it does not listen on has none', async (host, v4, v6) => {
    await using server = await startMockServer({ host, dnsPort: 0 });
    const resolver = resolverOf(server);
    const ask = (lookup: Promise<string[]>) => lookup.catch(({ code }) => (code === 'ENODATA' ? [] : [code]));

    expect(await ask(resolver.resolve4(ARK))).toEqual(v4);
    expect(await ask(resolver.resolve6(ARK))).toEqual(v6);

    expect(server.journal.events('dns.query')).toMatchObject([{ rcode: 'NOERROR' }, { rcode: 'NOERROR' }]);
    for (const address of [...v4, ...v6]) expect(await connects(server, address)).toBe(true);
  });

  test.runIf(outside)('on 0.0.0.0: a client from elsewhere is given an address where the mock listens', async () => {
    await using server = await startMockServer({ host: '0.0.0.0', dnsPort: 0 });

    const { answers = [] } = await askByUdp(server.dns, [queryFor(ARK)], outside);

    expect(answers).toMatchObject([{ type: 'A', data: outside }]);
    expect(await connects(server, outside ?? '')).toBe(true);
  });

  test('there is no responder unless it was asked for', async () => {
    await using server = await startMockServer();
    expect(server).not.toHaveProperty('dns');
  });

  test('a port that is taken is refused by name', async () => {
    await using first = await start();
    await expect(startMockServer({ dnsPort: portOf(first.dns) })).rejects.toThrow(/PORT_IN_USE\nPort \d+ on 127.0.0.1/);
  });

  test('and so is one that is taken for UDP alone', async () => {
    const udp = createSocket('udp4').bind(0, '127.0.0.1');
    await once(udp, 'listening');
    await expect(startMockServer({ dnsPort: udp.address().port })).rejects.toThrow('PORT_IN_USE');
    udp.close();
  });

  test('shutdown lets go of the port, with a query waiting and a connection open', async () => {
    const server = await startWith({ delay: { ms: '10m' } });
    const asked = resolverOf(server, { timeout: IMPATIENT_MS, tries: 1 }).resolve4(ARK);
    const heard = expect(asked).rejects.toMatchObject({ code: 'ETIMEOUT' });
    await using tcp = await openDnsConnection(server.dns);
    await server.clock.waiting(600_000);
    await server.close();
    await Promise.all([tcp.closed, heard]);
    await using next = await startMockServer({ dnsPort: portOf(server.dns) });
    expect(await resolverOf(next).resolve4(ARK)).toEqual(['127.0.0.1']);
  });
});

describe('row B9', () => {
  test('an answer within 100 ms is as good as any', async () => {
    await using server = await startWith({ delay: { ms: 99 } });
    const call = callByName(server, resolverOf(server));
    await server.clock.waiting(99);
    await server.clock.advance(99);
    expect(await call).toBe(200);
    expect(server.journal.events('dns.query')).toMatchObject([{ rcode: 'NOERROR', ms: 99 }]);
  });

  test('over 3 s the resolver gives up, and not one TCP connection reaches the service', async () => {
    await using server = await startMockServer({ clock: 'manual', dnsPort: 0, scenario: 'dns-slow' });
    // Its patience is cut short, and the time of the server stands still: 4 s are longer than it waits.
    const call = callByName(server, resolverOf(server, { timeout: IMPATIENT_MS, tries: 1 }));
    await expect(call).rejects.toMatchObject({ code: 'ETIMEOUT', syscall: 'queryA' });

    await server.clock.advance(4_000);
    expect(server.journal.events('dns.query')).toMatchObject([{ rcode: 'NOERROR', ms: 4_000 }]);
    expect(server.journal.events('connection.opened')).toEqual([]);
  });
});

describe('faults on dns', () => {
  test('`silence`: every try of a resolver goes unanswered', async () => {
    await using server = await startWith('silence');
    const resolver = resolverOf(server, { timeout: IMPATIENT_MS, tries: 2 });
    await expect(resolver.resolve4(ARK)).rejects.toMatchObject({ code: 'ETIMEOUT' });
    expect(told(server)).toEqual(['udp A none', 'udp A none']);
    expect(server.journal.events('connection.opened')).toEqual([]);
  });

  test.each([
    ['servfail', 'ESERVFAIL', 'SERVFAIL'],
    ['nxdomain', 'ENOTFOUND', 'NXDOMAIN'],
  ] as const)('`%s` is heard as %s', async (fault, code, rcode) => {
    await using server = await startWith(fault);
    await expect(resolverOf(server, { tries: 1 }).resolve4(ARK)).rejects.toMatchObject({ code });
    expect(told(server)).toEqual([`udp A ${rcode}`]);
    const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text();
    expect(metrics).toContain(`seedance_mock_dns_queries_total{rcode="${rcode}"} 1`);
  });

  test('`wrong-address` leads elsewhere, and the other family nowhere', async () => {
    await using server = await startWith({ 'wrong-address': { address: '127.0.0.2' } });
    expect(await resolverOf(server).resolve4(ARK)).toEqual(['127.0.0.2']);
    await expect(resolverOf(server).resolve6(ARK)).rejects.toMatchObject({ code: 'ENODATA' });
  });

  test('`truncate` makes a resolver come again over TCP, where the answer is whole', async () => {
    await using server = await startWith('truncate');
    expect(await resolverOf(server).resolve4(ARK)).toEqual(['127.0.0.1']);
    expect(told(server)).toEqual(['udp A NOERROR TC', 'tcp A NOERROR 127.0.0.1']);
    expect(server.journal.events('fault.injected')).toHaveLength(1);
  });

  test('`flap` answers rightly and wrongly by turns', async () => {
    await using server = await startWith({ flap: { wrong: '127.0.0.2', every: 2 } });
    const resolver = resolverOf(server);
    const seen: string[][] = [];
    for (let query = 1; query <= 6; query++) seen.push(await resolver.resolve4(ARK));
    expect(seen.flat().map((address) => address.at(-1))).toEqual(['1', '1', '2', '2', '1', '1']);
    expect(server.journal.events('fault.injected').map(({ ordinal }) => ordinal)).toEqual([3, 4]);
  });

  test('they compose: late, truncated, and wrong in the end', async () => {
    await using server = await startWith(
      'truncate',
      { delay: { ms: '1s' } },
      { 'wrong-address': { address: '127.0.0.3' } },
    );
    const answer = resolverOf(server).resolve4(ARK);
    await server.clock.waiting(1_000);
    await server.clock.advance(1_000);
    await server.clock.waiting(1_000);
    await server.clock.advance(1_000);
    expect(await answer).toEqual(['127.0.0.3']);
  });

  test('they strike by name, upper or lower case, also where the name is not ours', async () => {
    await using server = await start({
      name: 'other zone',
      on: 'dns',
      match: { name: 'API.example.*' },
      inject: [{ 'wrong-address': { address: '127.0.0.4' } }],
    });
    const resolver = resolverOf(server);
    expect(await resolver.resolve4('api.EXAMPLE.com')).toEqual(['127.0.0.4']);
    expect(await resolver.resolve4(ARK)).toEqual(['127.0.0.1']);
  });

  test('they count per client by its address', async () => {
    await using server = await start({
      name: 'once each',
      on: 'dns',
      when: { nth: 1, per: 'client' },
      inject: ['servfail'],
    });
    const ask = async (from: string) => rcodeOf(await askByUdp(server.dns, [queryFor(ARK)], from));
    expect([await ask('127.0.0.1'), await ask('127.0.0.5'), await ask('127.0.0.5')]).toEqual([2, 2, 0]);
  });
});
