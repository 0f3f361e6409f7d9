import { expect, test } from 'vitest';
import { loadScenario } from './load.ts';
import { profiles } from './scenario.ts';

test('a scenario without changes has the rules of its profile', () => {
  expect(loadScenario('').service).toEqual(profiles.seedance);
  expect(loadScenario('profile: permissive').service).toEqual(profiles.permissive);
});

test('a change lies over the profile and leaves the rest alone', () => {
  const { service } = loadScenario('profile: permissive\nservice: { idle: { after: 3s }, alpn: { mismatch: alert } }');
  expect(service).toEqual({
    ...profiles.permissive,
    idle: { afterMs: 3_000, then: 'reset' },
    alpn: { ...profiles.permissive.alpn, mismatch: 'alert' },
  });
});

test('a rule can be turned off', () => {
  const { service } = loadScenario('service: { idle: off, heartbeat: off, fin: off }');
  expect(service).toEqual({ ...profiles.seedance, idle: undefined, heartbeat: undefined, fin: undefined });
});

test('another profile goes under the same changes', () => {
  const scenario = loadScenario('service: { idle: off, cleartext: fin }', { profile: 'dual-stack' });
  expect(scenario.profile).toBe('dual-stack');
  expect(scenario.service).toEqual({ ...profiles['dual-stack'], idle: undefined, cleartext: 'fin' });
});
