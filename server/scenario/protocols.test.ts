import { describe, expect, test } from 'vitest';
import { type FaultInput, loadScenario, type ScenarioInput } from './load.ts';

const overH2: readonly FaultInput[] = [
  { name: 'drain', on: 'session', inject: ['goaway'] },
  { name: 'busy', on: 'request', match: { protocol: 'h2' }, inject: [{ status: { code: 503 } }] },
];
const over1: FaultInput = {
  name: 'late',
  on: 'response',
  match: { protocol: 'http/1.1' },
  inject: [{ delay: { ms: 1 } }],
};
const overAny: readonly FaultInput[] = [
  { name: 'cut', on: 'accept', when: { nth: 9 }, inject: ['reset'] },
  { name: 'slow', on: 'request', inject: [{ delay: { ms: 1 } }] },
];
const answering: FaultInput = { name: 'alpn', on: 'handshake', inject: [{ 'alpn-select': { protocol: 'none' } }] };

const warningsOf = (rules: ScenarioInput, ...faults: readonly FaultInput[]) =>
  loadScenario({ ...rules, faults: [...faults, ...overAny] }).warnings;

const unspoken = (protocol: string, names: string) =>
  `No connection speaks ${protocol} here, so these never strike: ${names}. \`service: { alpn: { offer: [h2, http/1.1] } }\` changes that, as may another profile.`;

const only1: ScenarioInput = { service: { alpn: { offer: ['http/1.1'] } } };

describe('faults that wait for a protocol which no connection speaks are warned of', () => {
  test('h2 that the service does not offer', () =>
    expect(warningsOf(only1, ...overH2, over1)).toEqual([unspoken('h2', '"drain", "busy"')]));

  test('HTTP/1.1 in the profile of the service', () =>
    expect(warningsOf({}, ...overH2, over1)).toEqual([unspoken('http/1.1', '"late"')]));

  test('by the profile from outside', () => {
    const scenario: ScenarioInput = { profile: 'dual-stack', faults: [over1] };
    expect(loadScenario(scenario).warnings).toEqual([]);
    expect(loadScenario(scenario, { profile: 'seedance' }).warnings).toEqual([unspoken('http/1.1', '"late"')]);
  });
});

describe('nothing is warned of', () => {
  test.each(['dual-stack', 'permissive'] as const)('in profile %s, which speaks both', (profile) =>
    expect(warningsOf({ profile }, ...overH2, over1)).toEqual([]),
  );

  test('where a client without ALPN is let in with HTTP/1.1', () =>
    expect(warningsOf({ service: { alpn: { absent: 'http/1.1' } } }, ...overH2, over1)).toEqual([]));

  test('where a fault answers ALPN itself', () =>
    expect([warningsOf({}, answering, over1), warningsOf(only1, answering, ...overH2)]).toEqual([[], []]));
});
