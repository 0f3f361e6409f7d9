import { expect, test } from 'vitest';
import { classifyOpening } from '../../server/wire/client-hello.ts';
import { readHellos } from './hellos.ts';

const collected = readHellos();
const libraries = [...Map.groupBy(collected, ({ library }) => library)];

function fingerprintsOf(hello: string) {
  const opening = classifyOpening(Buffer.from(hello, 'hex'));
  if (typeof opening === 'number' || opening.kind !== 'tls') throw new Error('This is no ClientHello.');
  return { ja4: opening.ja4, print: opening.print };
}

const printsOf = (hellos: typeof collected) => [...new Set(hellos.map(({ hello }) => fingerprintsOf(hello).print))];

test('there are ClientHellos of each library: first, resumed, and after HelloRetryRequest', () => {
  expect(libraries.map(([library]) => library).toSorted()).toEqual([
    'BoringSSL (Chromium)',
    'GnuTLS',
    'Go',
    'JSSE',
    'NSS',
    'OpenSSL (Node)',
    'OpenSSL (Python)',
    'OpenSSL (s_client)',
    'rustls',
  ]);
  for (const [, hellos] of libraries) {
    const occasions = hellos.map(({ when }) => when);
    for (const when of ['first', 'resumed', 'resumed by TLS 1.2', 'after HelloRetryRequest'] as const)
      expect(occasions).toContain(when);
  }
});

test.each(libraries)('%s has one print, in whatever ClientHello', (_library, hellos) => {
  expect(printsOf(hellos)).toHaveLength(1);
});

test('no two libraries share a print', () => {
  const prints = libraries.flatMap(([, hellos]) => printsOf(hellos));
  expect(new Set(prints).size).toBe(libraries.length);
});

test.each(collected)('JA4 is what an independent program reads: $library, $when', ({ hello, ja4 }) => {
  expect(fingerprintsOf(hello).ja4).toBe(ja4);
});

/** The message of a ClientHello with other extensions, in one record. */
function withExtensions(hello: string, choose: (all: readonly Buffer[]) => readonly Buffer[]): string {
  const bytes = Buffer.from(hello, 'hex');
  let at = 5 + 4 + 2 + 32;
  at += 1 + bytes.readUInt8(at);
  at += 2 + bytes.readUInt16BE(at);
  at += 1 + bytes.readUInt8(at);
  const all: Buffer[] = [];
  for (let from = at + 2; from < bytes.length; from += 4 + bytes.readUInt16BE(from + 2))
    all.push(bytes.subarray(from, from + 4 + bytes.readUInt16BE(from + 2)));
  const chosen = Buffer.concat(choose(all));
  const size = Buffer.alloc(2);
  size.writeUInt16BE(chosen.length);
  const body = Buffer.concat([bytes.subarray(9, at), size, chosen]);
  const header = Buffer.from([0x16, 3, 1, 0, 0, 1, 0, 0, 0]);
  header.writeUInt16BE(body.length + 4, 3);
  header.writeUIntBE(body.length, 6, 3);
  return Buffer.concat([header, body]).toString('hex');
}

const extension = (type: number, data: string) => {
  const bytes = Buffer.from(data, 'hex');
  const header = Buffer.alloc(4);
  header.writeUInt16BE(type);
  header.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([header, bytes]);
};
const NO_NAME_NO_ALPN = [0, 16, 17_613];
const RETRIED = [extension(44, '000401020304'), extension(42, ''), extension(21, '00'.repeat(99))];

test.each(collected.filter(({ when }) => when === 'first'))(
  'the print of $library does not depend on name, ALPN, order, cookie, early data or padding',
  ({ hello }) => {
    const { print } = fingerprintsOf(hello);
    const without = withExtensions(hello, (all) => all.filter((one) => !NO_NAME_NO_ALPN.includes(one.readUInt16BE(0))));
    const shuffled = withExtensions(hello, (all) => all.toReversed());
    const more = withExtensions(hello, (all) => [...all, ...RETRIED]);
    expect([without, shuffled, more].map((changed) => fingerprintsOf(changed).print)).toEqual([print, print, print]);
  },
);
