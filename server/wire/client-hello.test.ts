import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyOpening, type Opening } from './client-hello.ts';

/** The same inputs in each run. */
const FUZZING = { seed: 20_261_127, numRuns: 2_000 };

const extension = (type: string, data: string) => `${type}${(data.length / 2).toString(16).padStart(4, '0')}${data}`;

/** A record with a ClientHello: no session id, one cipher suite, no compression, and these extensions. */
function clientHello(...extensions: readonly string[]): Buffer {
  const all = extensions.join('');
  const size = extensions.length > 0 ? (all.length / 2).toString(16).padStart(4, '0') : '';
  const body = `0303${'ab'.repeat(32)}0000021301${'0100'}${size}${all}`;
  const hello = `01${(body.length / 2).toString(16).padStart(6, '0')}${body}`;
  return Buffer.from(`160301${(hello.length / 2).toString(16).padStart(4, '0')}${hello}`, 'hex');
}

const ALPN_H2 = extension('0010', '0003026832');
const EARLY_DATA = extension('002a', '');
const PADDING = extension('0015', '00'.repeat(300));
const NAME = extension('0000', `000e00000b${Buffer.from('example.com').toString('hex')}`);

test('a ClientHello tells its ALPN list and server name', () => {
  expect(classifyOpening(clientHello(NAME, ALPN_H2))).toEqual({
    kind: 'tls',
    alpn: ['h2'],
    serverName: 'example.com',
    earlyData: false,
    ja4: expect.stringMatching(/^t12d0102h2_/),
    print: expect.stringMatching(/^[\da-f]{12}$/),
  });
  expect(classifyOpening(clientHello(NAME))).toMatchObject({ kind: 'tls', alpn: null });
  expect(classifyOpening(clientHello())).toMatchObject({ alpn: null, serverName: undefined });
  expect(classifyOpening(clientHello(EARLY_DATA, ALPN_H2))).toMatchObject({ alpn: ['h2'], earlyData: true });
});

function fingerprintsOf(...extensions: readonly string[]) {
  const opening = classifyOpening(clientHello(...extensions));
  if (typeof opening === 'number' || opening.kind !== 'tls') throw new Error('This is no ClientHello.');
  return { ja4: opening.ja4, print: opening.print };
}

test('the print is the same whether a session is resumed or not, and another for another client', () => {
  const PRE_SHARED_KEY = extension('0029', '00');
  const SUPPORTED_GROUPS = extension('000a', '0002001d');
  const first = fingerprintsOf(NAME, ALPN_H2);
  const resumed = fingerprintsOf(NAME, ALPN_H2, EARLY_DATA, PRE_SHARED_KEY);
  expect(resumed.print).toBe(first.print);
  expect(resumed.ja4).not.toBe(first.ja4);
  expect(fingerprintsOf(NAME, ALPN_H2, SUPPORTED_GROUPS).print).not.toBe(first.print);
});

/** The rules of FoxIO's specification that the ClientHellos of real clients do not meet. */
test.each([
  ['no extension', [], 't12i010000_0f2cb44170f4_000000000000'],
  ['the newest of supported_versions, not its presence', [extension('002b', '020303')], /^t12i/],
  ['GREASE among supported_versions is no version', [extension('002b', '043a3a0304')], /^t13i/],
  ['an ALPN of one character', [extension('0010', '00020178')], /^t12i0101xx_/],
  ['an ALPN that begins with 0xab and ends with 0xcd', [extension('0010', '000302abcd')], /^t12i0101ad_/],
  [
    'more than 99 extensions',
    Array.from({ length: 120 }, (_, n) => extension((n + 100).toString(16).padStart(4, '0'), '')),
    /^t12i019900_/,
  ],
])('JA4: %s', (_rule, extensions, expected) => {
  expect(fingerprintsOf(...extensions).ja4).toMatch(expected);
});

/** Puts a ClientHello into records that hold so many bytes each. One more record has the rest. */
function inRecordsOf(record: Buffer, ...sizes: readonly number[]): Buffer {
  const records: Buffer[] = [];
  let rest = record.subarray(5);
  for (const size of [...sizes, rest.length]) {
    const content = rest.subarray(0, size);
    if (content.length === 0) break;
    records.push(Buffer.from([0x16, 3, 1, content.length >> 8, content.length & 0xff]), content);
    rest = rest.subarray(size);
  }
  return Buffer.concat(records);
}

/** Classifies bytes that come in chunks of these sizes; the rest comes as one chunk. */
function classifyInChunks(bytes: Buffer, sizes: readonly number[]): Opening {
  let received = 0;
  for (let chunk = 0; ; chunk++) {
    received += sizes[chunk] ?? bytes.length;
    const opening = classifyOpening(bytes.subarray(0, received));
    if (typeof opening === 'object') return opening;
    if (received >= bytes.length) throw new Error(`all bytes have come, and it asks for ${opening}`);
  }
}

test('every piece short of the whole asks for more, and never for more than the whole', () => {
  for (const whole of [clientHello(NAME, ALPN_H2), inRecordsOf(clientHello(NAME, ALPN_H2), 1, 2, 3, 40)]) {
    for (let length = 1; length < whole.length; length++) {
      const needed = classifyOpening(whole.subarray(0, length));
      expect(needed).toBeGreaterThan(length);
      expect(needed).toBeLessThanOrEqual(whole.length);
    }
  }
});

const hellos = [clientHello(), clientHello(NAME, ALPN_H2), clientHello(NAME, EARLY_DATA, PADDING)];

test.each(hellos.map((hello) => [hello.length, hello]))(
  'a ClientHello of %i bytes can be split at any byte',
  (_, hello) => {
    const opening = classifyOpening(hello);
    expect(opening).toMatchObject({ kind: 'tls' });
    for (let size = 1; size < hello.length - 5; size++)
      expect(classifyOpening(inRecordsOf(hello, size))).toEqual(opening);
  },
);

test('any split of a ClientHello, in records and in chunks, says the same as the whole', () => {
  const size = fc.integer({ min: 1, max: 80 });
  const split = fc.record({
    hello: fc.constantFrom(...hellos),
    records: fc.array(size, { maxLength: 60 }),
    chunks: fc.array(size, { maxLength: 60 }),
    /** What a client may send in the same flight: early data, a ChangeCipherSpec, or nothing. */
    after: fc.constantFrom('', '1703030003abcdef', '140303000101'),
  });
  fc.assert(
    fc.property(split, ({ hello, records, chunks, after }) => {
      const bytes = Buffer.concat([inRecordsOf(hello, ...records), Buffer.from(after, 'hex')]);
      expect(classifyInChunks(bytes, chunks)).toEqual(classifyOpening(hello));
    }),
    FUZZING,
  );
});

test('whatever the bytes are, they are classified or more are asked for', () => {
  const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.constantFrom(...hellos), fc.array(change, { maxLength: 6 }), fc.nat(), (hello, changes, cut) => {
      const bytes = Buffer.from(hello);
      for (const { at, to } of changes) bytes[at % bytes.length] = to;
      const piece = bytes.subarray(0, 1 + (cut % bytes.length));
      const opening = classifyOpening(piece);
      if (typeof opening === 'number') expect(opening).toBeGreaterThan(piece.length);
    }),
    FUZZING,
  );
});

test.each([
  ['another handshake message', Buffer.from('160301000402000000', 'hex')],
  ['lengths that point outside', Buffer.from(`1603010026010000220303${'ab'.repeat(32)}ff`, 'hex')],
  ['nothing', Buffer.from('1603010000', 'hex')],
])('a handshake record that holds %s is garbage', (_name, bytes) => {
  expect(classifyOpening(bytes)).toMatchObject({ kind: 'garbage' });
});

/** The first bytes of a ClientHello, in a record of their own. */
const BEGINNING = '160301000401000100';
test.each([
  ['an empty handshake record', '1603010000'],
  ['an alert', '15030100020100'],
  ['a ChangeCipherSpec', '140303000101'],
])('%s amid a ClientHello makes it garbage (RFC 8446, section 5.1)', (_name, record) => {
  expect(classifyOpening(Buffer.from(BEGINNING, 'hex'))).toBeTypeOf('number');
  expect(classifyOpening(Buffer.from(BEGINNING + record, 'hex'))).toMatchObject({ kind: 'garbage' });
});

test('a ClientHello may be as long as OpenSSL allows, and no longer', () => {
  const announce = (length: number) =>
    classifyOpening(Buffer.from(`1603010004${'01'}${length.toString(16).padStart(6, '0')}`, 'hex'));
  expect(announce(131_396)).toBeTypeOf('number');
  expect(announce(131_397)).toEqual({ kind: 'garbage', firstBytes: 'a ClientHello of 131397 bytes, 131396 at most' });
});

test('a ClientHello may come in 4,096 records, and in no more', () => {
  const hello = clientHello(extension('0015', '00'.repeat(5_000)));
  const inOnes = (count: number) => classifyOpening(inRecordsOf(hello, ...Array(count - 1).fill(1)));
  expect(inOnes(4_096)).toMatchObject({ kind: 'tls' });
  expect(inOnes(4_097)).toEqual({ kind: 'garbage', firstBytes: 'a ClientHello in more than 4096 records' });
});

test.each([
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { kind: 'h2c-preface' }],
  ['GET / HTTP/1.1\r\nhost: a\r\nUpgrade: h2c\r\n\r\n', { kind: 'http', upgrade: ' h2c' }],
  ['GET / HTTP/1.1\r\nhost: a\r\n\r\n', { kind: 'http', upgrade: undefined }],
  ['GET / HTT', 10],
  ['hello\r\n', { kind: 'garbage', firstBytes: '"hello\\r\\n"' }],
])('clear text: %j', (text, opening) => {
  expect(classifyOpening(Buffer.from(text))).toEqual(opening);
});
