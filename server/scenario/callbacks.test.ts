import { expect, test } from 'vitest';
import { loadScenario } from './load.ts';

const load = (text: string) => loadScenario(text, { file: 'tea.yaml' });

test('nobody beside loopback and private receivers is allowed unless the scenario says so', () => {
  expect(load('seed: 1').callbacks).toMatchObject({ allow: [] });
  expect(load('callbacks: { allow: [hooks.example.com, 203.0.113.0/24] }').callbacks).toMatchObject({
    allow: ['hooks.example.com', '203.0.113.0/24'],
  });
});

test('callbacks are tried as the service does, and a silent receiver rests for 30 s, unless the scenario says so', () => {
  expect(load('seed: 1').callbacks).toMatchObject({ class: 'ark', pause: 30_000 });
  expect(load('callbacks: { class: financial, pause: 2m }').callbacks).toMatchObject({
    class: 'financial',
    pause: 120_000,
  });
});

test('there are three retry classes, and no other', () =>
  expect(() => load('callbacks: { class: finance }')).toThrow(/^tea.yaml:1:21 {2}INVALID_VALUE/));

test('a receiver is a name or an address, and no URL', () =>
  expect(() => load('callbacks:\n  allow: [a.example.com, "https://example.com/hooks"]')).toThrow(
    `tea.yaml:2:26  INVALID_VALUE
An item of "allow" cannot be "https://example.com/hooks".
    2 |   allow: [a.example.com, "https://example.com/hooks"]
      |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^
Write a host name, *.example.com, an address, or a network such as 203.0.113.0/24.`,
  ));

test('a status that is never told cannot be matched', () => {
  const rule = (status: string) => `faults: [{ on: callback, match: { status: ${status} }, inject: [drop] }]`;
  expect(load(rule('"*ed"')).faults).toHaveLength(1);
  expect(() => load(rule('cancelled'))).toThrow(
    `tea.yaml:1:43  INVALID_VALUE
"status" cannot be "cancelled".`,
  );
});

test('nothing overtakes the callback of a task that is over', () =>
  expect(() => load('faults:\n  - on: callback\n    match: { status: failed }\n    inject: [reorder]')).toThrow(
    `tea.yaml:4:14  CONTRADICTION
A task that is failed is over: no later callback follows that could overtake this one.`,
  ));

test.each([
  ['drop: { times: 2 }', 'UNKNOWN_KEY'],
  ['delay: { ms: 11m }', 'DELAY_TOO_LONG'],
  ['delay', 'MISSING_KEY'],
  ['duplicate: { times: 0 }', 'INVALID_VALUE'],
  ['reorder: { within: 11m }', 'DELAY_TOO_LONG'],
  ['corrupt: { bytes: two }', 'INVALID_VALUE'],
  ['wrong-task: { id: cgt-1 }', 'UNKNOWN_KEY'],
  ['drop, drop', 'CONTRADICTION'],
  ['reorder, reorder', 'CONTRADICTION'],
])('`%s` is refused in its place', (injection, code) =>
  expect(() => load(`faults:\n  - on: callback\n    inject: [ ${injection} ]`)).toThrow(
    new RegExp(`^tea.yaml:3:\\d+  ${code}`),
  ),
);
