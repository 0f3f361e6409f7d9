import { expect, test } from 'vitest';
import { type Handshake, judgeTrust, readHandshake } from './trust.ts';

const trusted: Handshake = { kind: 'trusted' };
const refused: Handshake = { kind: 'refused', why: 'self-signed certificate' };
const failed: Handshake = { kind: 'failed', why: 'ECONNRESET' };

const curl = {
  program: 'curl',
  version: '8.0.0',
  variable: 'CURL_CA_BUNDLE',
  setting: 'export CURL_CA_BUNDLE=$PWD/ca.pem',
  blindness: '`insecure` in ~/.curlrc',
  adminUrl: 'http://localhost:8480',
};

test.each<['machine' | 'target', Handshake, Handshake, string, string]>([
  ['machine', trusted, refused, 'ok', 'trusts the CA with CURL_CA_BUNDLE, as `run` sets it, and not without'],
  ['machine', trusted, trusted, 'warn', 'trusts anybody'],
  ['machine', refused, refused, 'fail', 'although CURL_CA_BUNDLE names it: self-signed certificate'],
  ['machine', failed, refused, 'warn', 'cannot be told: curl 8.0.0 got no handshake: ECONNRESET'],
  ['target', trusted, trusted, 'ok', 'trusts the server as things are'],
  ['target', trusted, refused, 'warn', 'does not trust the server as things are; with CURL_CA_BUNDLE it does'],
  ['target', refused, trusted, 'fail', 'although CURL_CA_BUNDLE names it'],
  ['target', trusted, failed, 'warn', 'cannot be told'],
])('%s: told %j, untold %j -> %s', (kind, told, untold, outcome, words) => {
  expect(judgeTrust({ ...curl, kind, told, untold })).toMatchObject({ outcome, seen: expect.stringContaining(words) });
});

test('the remedy for a target can be pasted', () => {
  expect(judgeTrust({ ...curl, kind: 'target', told: trusted, untold: refused }).remedy).toBe(
    'curl -so ca.pem http://localhost:8480/ca.pem && export CURL_CA_BUNDLE=$PWD/ca.pem',
  );
});

test('what a program prints is read, whatever else it prints', () => {
  expect(readHandshake('Picked up something\ntrusted\n')).toEqual(trusted);
  expect(readHandshake('refused: self-signed certificate\n')).toEqual(refused);
  expect(readHandshake('failed: ECONNRESET\n')).toEqual(failed);
  expect(readHandshake('')).toEqual({ kind: 'failed', why: 'it said nothing' });
});
