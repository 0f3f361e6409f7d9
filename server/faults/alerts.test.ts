import { expect, test } from 'vitest';
import { type Alert, alertRecord, alerts } from './alerts.ts';

test('an alert is a record of 7 bytes in clear text', () => {
  expect(Buffer.from(alertRecord('handshake_failure')).toString('hex')).toBe('15030300020228');
  expect(Buffer.from(alertRecord('unrecognized_name', 'warning')).toString('hex')).toBe('15030300020170');
});

test.each(Object.keys(alerts) as Alert[])('%s is sent at the level that the RFC has for it', (name) => {
  const warnings: readonly Alert[] = ['close_notify', 'user_canceled', 'no_renegotiation'];
  expect(alertRecord(name)[5]).toBe(warnings.includes(name) ? 1 : 2);
});

test('no two alerts share a number', () => {
  const numbers = Object.values(alerts);
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
});
