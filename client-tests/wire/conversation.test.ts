import { expect, test } from 'vitest';
import type { EndedBy, EndedHow } from '../../server/journal.ts';
import type { Packet } from './capture.ts';
import { conversationsOf } from './conversation.ts';

const SERVER = 8443;

/** The packets of a transcript: `C SYN, S SYN, C 517, S FIN, C RST`. */
const packetsOf = (transcript: string, client: number): Packet[] =>
  transcript.split(', ').map((entry, seq) => {
    const [side, ...rest] = entry.split(' ');
    const flags = (['SYN', 'FIN', 'RST'] as const).filter((flag) => rest.includes(flag));
    const ends = side === 'C' ? { from: client, to: SERVER } : { from: SERVER, to: client };
    return { ...ends, flags, seq, ack: 0, bytes: Number(rest.find((word) => /^\d+$/.test(word)) ?? 0) };
  });

const OPENED = 'C SYN, S SYN, C 517, S 2356';

/** What contradicts that a connection has ended so: `client/fin`. */
function contradiction(pair: string, wire: string, cause?: string): string | undefined {
  const [by, how] = pair.split('/') as [EndedBy, EndedHow];
  const [conversation] = conversationsOf(packetsOf(`${OPENED}, ${wire}`, 50_000), SERVER);
  return conversation?.contradicts({ by, how, ...(cause !== undefined && { cause }) });
}

test.each([
  ['rule/reset', 'S RST'],
  ['rule/reset', 'S FIN, S RST'],
  ['rule/reset', 'S RST, C 31, S RST'],
  ['admin/reset', 'C FIN, S RST'],
  ['fault/fin', 'S FIN, C FIN'],
  ['fault/fin', 'S FIN, C RST'],
  ['fault/fin', 'S 24, C 24, C FIN, S FIN'],
  ['admin/goaway', 'S 39, C FIN, S FIN'],
  ['client/reset', 'C RST'],
  ['client/reset', 'C FIN, C RST'],
  ['client/fin', 'C FIN, S 24, S FIN'],
  ['client/fin', 'C FIN, S 39, C RST'],
  ['client/goaway', 'C 39, S 24, S FIN, C FIN'],
  ['client/error', 'C 37, S 24, S FIN'],
  ['client/error', 'C 37, S RST'],
])('%s may look like "%s"', (pair, wire) => expect(contradiction(pair, wire)).toBeUndefined());

test.each([
  ['rule/reset', 'C FIN, S FIN', 'the server sent no RST'],
  ['rule/reset', 'C RST', 'the server sent no RST'],
  ['rule/reset', 'C RST, S RST', 'the client sent RST first'],
  ['rule/reset', 'S RST, S 31', 'the server sent more after its RST'],
  ['fault/fin', 'S RST', 'the server sent no FIN'],
  ['fault/fin', 'S FIN, S RST', 'the server sent RST before the client ended its side'],
  ['fault/fin', 'S FIN, C 24, S RST', 'the server sent RST before the client ended its side'],
  ['fault/fin', 'C FIN, S 24, S FIN', 'the client ended its side first'],
  ['admin/goaway', 'C RST', 'the server sent no FIN'],
  ['client/reset', 'S FIN, C FIN', 'the client sent no RST'],
  ['client/reset', 'S FIN, C RST', 'the server ended its side first'],
  ['client/reset', 'C FIN, S 39, C RST', 'the client sent no RST'],
  ['client/fin', 'C RST', 'the client sent no FIN'],
  ['client/fin', 'S FIN, C FIN', 'the server ended its side first'],
  ['client/fin', 'C FIN, S RST', 'the server sent RST, not FIN'],
  ['client/goaway', 'C FIN, C RST', 'the client sent RST before the server ended its side'],
  ['client/error', 'C RST', 'the server did not end its side'],
  ['client/error', 'C RST, S RST', 'the client sent RST first'],
  ['server/error', 'S FIN', 'only a client makes an error'],
])('%s does not look like "%s"', (pair, wire, why) => expect(contradiction(pair, wire)).toBe(why));

test('the FIN that a client asks for is the doing of the client', () => {
  expect(contradiction('client/fin', 'S FIN, C FIN', 'connection: close')).toBeUndefined();
  expect(contradiction('client/fin', 'S FIN, C 24, S RST', 'connection: close')).toContain('the server sent RST');
});

test('connections are distinct, also where a client port is used again', () => {
  const packets = [
    ...packetsOf('C SYN, S SYN, C 5, C RST', 50_000),
    ...packetsOf('C SYN, S SYN, C 2, C 3, S FIN, C FIN', 50_001),
    ...packetsOf('C SYN, S SYN, S RST', 50_000).map((packet) => ({ ...packet, seq: packet.seq + 1_000 })),
  ];
  expect(conversationsOf(packets, SERVER).map(({ port, transcript }) => [port, transcript])).toEqual([
    [50_000, 'C SYN, S SYN, C 5, C RST'],
    [50_001, 'C SYN, S SYN, C 5, S FIN, C FIN'],
    [50_000, 'C SYN, S SYN, S RST'],
  ]);
});
