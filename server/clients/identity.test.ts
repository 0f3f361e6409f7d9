import { expect, test } from 'vitest';
import { loadScenario } from '../scenario/load.ts';
import { Identifier, identify } from './identity.ts';

const ORIGIN = { print: 'abcdef012345', address: '192.0.2.7' };

interface Clients {
  readonly by?: string[];
  readonly same?: string[][];
}

/** The identity of a request with these header fields under a setting. */
const identityOf = (clients: Clients, headers: Record<string, string>, origin = ORIGIN) =>
  identify(loadScenario({ clients }).clients, headers, origin);

const KEY = { authorization: 'Bearer secret' };
const AGENT = { 'user-agent': 'curl/8.5.0' };

test('the default takes x-client-id, else key, user agent, print and address', () => {
  expect(identityOf({}, { ...KEY, ...AGENT, 'x-client-id': 'copy-7' })).toMatchObject({
    client: 'copy-7',
    by: 'header x-client-id',
  });
  expect(identityOf({}, { ...KEY, ...AGENT })).toMatchObject({
    client: 'key-bffde204 + curl/8.5.0 + print-abcdef012345 + 192.0.2.7',
    by: 'api-key+user-agent+ja4+address',
  });
});

test('a missing user agent counts as one, a missing key or header as not carried', () => {
  expect(identityOf({}, KEY)?.client).toContain(' + no user agent + ');
  expect(identityOf({}, AGENT)).toBeUndefined();
  expect(identityOf({}, { ...AGENT, authorization: '', 'x-client-id': '' })).toBeUndefined();
});

test('the first entry that a request carries in all its parts decides', () => {
  const by = ['header x-team+header x-host', 'api-key', 'user-agent'];
  expect(identityOf({ by }, { ...KEY, 'x-team': 'a', 'x-host': 'b' })?.client).toBe('x-team=a + x-host=b');
  expect(identityOf({ by }, { ...KEY, 'x-team': 'a' })?.client).toMatch(/^key-/);
  expect(identityOf({ by }, { ...AGENT, 'x-team': 'a' })).toMatchObject({ client: 'curl/8.5.0', by: 'user-agent' });
});

test('equal values of two headers are two clients', () => {
  const by = ['header x-a', 'header x-b'];
  expect([identityOf({ by }, { 'x-a': '1' })?.client, identityOf({ by }, { 'x-b': '1' })?.client]).toEqual([
    '1',
    'x-b=1',
  ]);
});

test('of an API key only a digest is shown, of the keys of copies the name', () => {
  const by = ['api-key'];
  expect(identityOf({ by }, KEY)?.client).toBe('key-bffde204');
  expect(identityOf({ by }, { authorization: 'Bearer copy-12' })?.client).toBe('copy-12');
  expect(identityOf({ by }, { authorization: 'Bearer copy-12-secret' })?.client).toMatch(/^key-[\da-f]{8}$/);
});

test('an IPv4 address is the same on a port that is open for both versions', () => {
  const origin = { ...ORIGIN, address: '::ffff:192.0.2.7' };
  expect(identityOf({ by: ['address'] }, {}, origin)?.client).toBe('192.0.2.7');
});

test('identities under `same` are one client, named by the first', () => {
  const setting = { by: ['header x-client-id'], same: [['web', 'worker-*', 'cron']] };
  const nameOf = (id: string) => identityOf(setting, { 'x-client-id': id })?.client;
  expect(['web', 'worker-1', 'worker-', 'cron', 'cron-2'].map(nameOf)).toEqual(['web', 'web', 'web', 'web', 'cron-2']);
});

test('a long value is shortened, and two long values are still two clients', () => {
  const by = ['header x-client-id'];
  const names = ['a', 'b'].map((end) => identityOf({ by }, { 'x-client-id': 'x'.repeat(500) + end })?.client ?? '');
  expect(new Set(names).size).toBe(2);
  for (const name of names) expect(name.length).toBeLessThanOrEqual(80);
});

test('a connection remembers what was sent last, and sees each change', () => {
  const [first, second] = [{}, { by: ['user-agent'] }].map((clients) => loadScenario({ clients }).clients);
  if (!first || !second) throw new Error('Both are loaded.');
  const identifier = new Identifier();
  const known = identifier.identify(first, { ...KEY, ...AGENT }, ORIGIN);

  expect(identifier.identify(first, { ...KEY, ...AGENT, accept: '*/*' }, ORIGIN)).toBe(known);
  expect(identifier.identify(first, KEY, ORIGIN)?.client).toContain('no user agent');
  expect(identifier.identify(first, AGENT, ORIGIN)).toBeUndefined();
  expect(identifier.identify(second, AGENT, ORIGIN)?.client).toBe('curl/8.5.0');
});
