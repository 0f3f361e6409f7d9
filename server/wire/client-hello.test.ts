import { expect, test } from 'vitest';
import { classifyOpening } from './client-hello.ts';

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
const NAME = extension('0000', `000e00000b${Buffer.from('example.com').toString('hex')}`);

test('a ClientHello tells its ALPN list and server name', () => {
  expect(classifyOpening(clientHello(NAME, ALPN_H2))).toEqual({
    kind: 'tls',
    alpn: ['h2'],
    serverName: 'example.com',
    earlyData: false,
    ja4: expect.stringMatching(/^t12d0102h2_/),
  });
  expect(classifyOpening(clientHello(NAME))).toMatchObject({ kind: 'tls', alpn: null });
  expect(classifyOpening(clientHello())).toMatchObject({ alpn: null, serverName: undefined });
  expect(classifyOpening(clientHello(EARLY_DATA, ALPN_H2))).toMatchObject({ alpn: ['h2'], earlyData: true });
});

test('JA4 is the same whether a session is resumed or not, and another for another client', () => {
  const ja4Of = (...extensions: readonly string[]) => {
    const opening = classifyOpening(clientHello(...extensions));
    return opening?.kind === 'tls' ? opening.ja4 : undefined;
  };
  const PRE_SHARED_KEY = extension('0029', '00');
  const SUPPORTED_GROUPS = extension('000a', '0002001d');
  expect(ja4Of(NAME, ALPN_H2, EARLY_DATA, PRE_SHARED_KEY)).toBe(ja4Of(NAME, ALPN_H2));
  expect(ja4Of(NAME, ALPN_H2, SUPPORTED_GROUPS)).not.toBe(ja4Of(NAME, ALPN_H2));
});

test('every piece short of the whole asks for more', () => {
  const whole = clientHello(NAME, ALPN_H2);
  for (let length = 1; length < whole.length; length++) {
    expect(classifyOpening(whole.subarray(0, length))).toBeUndefined();
  }
});

test.each([
  ['another handshake message', Buffer.from('160301000402000000', 'hex')],
  ['lengths that point outside', Buffer.from(`1603010026010000220303${'ab'.repeat(32)}ff`, 'hex')],
  ['nothing', Buffer.from('1603010000', 'hex')],
])('a handshake record that holds %s is garbage', (_name, bytes) => {
  expect(classifyOpening(bytes)).toMatchObject({ kind: 'garbage' });
});

test.each([
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', { kind: 'h2c-preface' }],
  ['GET / HTTP/1.1\r\nhost: a\r\nUpgrade: h2c\r\n\r\n', { kind: 'http', upgrade: ' h2c' }],
  ['GET / HTTP/1.1\r\nhost: a\r\n\r\n', { kind: 'http', upgrade: undefined }],
  ['GET / HTT', undefined],
  ['hello\r\n', { kind: 'garbage', firstBytes: '"hello\\r\\n"' }],
])('clear text: %j', (text, opening) => {
  expect(classifyOpening(Buffer.from(text))).toEqual(opening);
});
