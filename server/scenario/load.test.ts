import { describe, expect, test } from 'vitest';
import { UsageError } from '../errors.ts';
import { loadScenario, type ScenarioInput } from './load.ts';
import type { Scenario } from './scenario.ts';

const FILE = 'scenarios/checkout.yaml';

/** What is said of a scenario that cannot be loaded, problem by problem. */
function complaintsOf(given: string | ScenarioInput, file: string | undefined = FILE): readonly string[] {
  try {
    loadScenario(given, file ? { file } : {});
  } catch (error) {
    if (error instanceof UsageError) return error.message.split('\n\n');
    throw error;
  }
  return [];
}

const codesOf = (given: string) => complaintsOf(given).map((text) => text.split('\n')[0]?.replace(`${FILE}:`, ''));

const fault = (lines: string) => `faults:\n  - ${lines.trim().replaceAll('\n', '\n    ')}\n`;

describe('a scenario that is right', () => {
  test('says what it leaves out', () => {
    expect(loadScenario('name: tea')).toMatchObject({
      name: 'tea',
      profile: 'seedance',
      tasks: { queued: 1_000, running: 4_000, outcome: 'succeeded' },
      faults: [],
      warnings: [],
    } satisfies Partial<Scenario>);
  });

  test('knows all that it was given', () => {
    const source = `
name: poll-reset
description: Every third poll is cut.
seed: 7
profile: dual-stack
clock: { speed: 20, mode: manual }
service: { idle: off, heartbeat: { within: 10s }, cleartext: fin, alpn: { mismatch: alert } }
tasks: { queued: 250ms, outcome: failed }
faults:
  - name: every third poll dies
    on: request
    match: { method: GET, path: /tasks/:id, headers: { x-a: b* } }
    when: { every: 3, times: 5, from: 0s, to: 60s, per: client }
    inject:
      - delay: { ms: 200 }
      - end: { at: { bodyBytes: 40 }, how: reset }
`;
    expect(loadScenario(source)).toMatchObject({
      name: 'poll-reset',
      description: 'Every third poll is cut.',
      seed: 7,
      profile: 'dual-stack',
      clock: { speed: 20, mode: 'manual' },
      service: {
        idle: undefined,
        heartbeat: { withinMs: 10_000, judgedBy: 'client', then: 'reset' },
        fin: { answerWithinMs: 400 },
        cleartext: 'fin',
        alpn: { offer: ['h2', 'http/1.1'], absent: 'http/1.1', mismatch: 'alert' },
      },
      tasks: { queued: 250, running: 4_000, outcome: 'failed' },
      faults: [
        {
          name: 'every third poll dies',
          on: 'request',
          match: { method: 'GET', path: '/tasks/:id', headers: { 'x-a': 'b*' } },
          when: { every: 3, times: 5, from: 0, to: 60_000, per: 'client' },
          inject: [
            { fault: 'delay', params: { ms: 200 }, did: 'wait 200ms' },
            { fault: 'end', did: 'reset the connection after 40 bytes of the body' },
          ],
        },
      ],
      source,
    });
  });

  test('may be JSON, with tabs', () => {
    const source = JSON.stringify({ name: 'json', faults: [{ on: 'accept', inject: ['reset'] }] }, null, '\t');
    expect(loadScenario(source)).toMatchObject({ name: 'json', faults: [{ inject: [{ fault: 'reset' }] }] });
  });

  test('may be an object, its parts used twice', () => {
    const match = { method: 'POST' };
    const scenario = loadScenario({
      seed: 3,
      faults: [
        { on: 'request', match, inject: [{ delay: { ms: '2s' } }] },
        { on: 'response', match, when: { nth: 2 }, inject: [{ status: { code: 500 } }] },
      ],
    });
    expect(scenario.faults.map((rule) => rule.match)).toEqual([match, match]);
    expect(loadScenario(scenario.source)).toMatchObject({ seed: 3, faults: [{ on: 'request' }, { on: 'response' }] });
  });

  test('may be empty when it is no file', () => {
    expect(loadScenario('')).toMatchObject({ name: 'inline', faults: [] });
    expect(loadScenario({})).toMatchObject({ name: 'inline', faults: [] });
  });

  test('is called after its file', () => expect(loadScenario('seed: 1', { file: 'a/tea.yaml' }).name).toBe('tea'));

  test('gives way to a seed from outside', () => expect(loadScenario('seed: 1', { seed: 2 }).seed).toBe(2));

  test('names a fault after the first thing it does', () => {
    const { faults } = loadScenario('faults: [{ on: accept, inject: [hang] }, { on: session, inject: [goaway: ] }]');
    expect(faults.map(({ name }) => name)).toEqual(['hang #1', 'goaway #2']);
  });

  test('knows what it expects of the client', () =>
    expect(loadScenario('expect: [ backoff: { base: 250ms } ]').expect).toMatchObject([
      { check: 'backoff', expected: expect.stringContaining('a wait of 250ms after a reset') },
    ]));
});

describe('a mistake is shown in its place, with a way out', () => {
  test.each([
    [
      'a key that there is not',
      'name: tea\nsede: 7\n',
      `scenarios/checkout.yaml:2:1  UNKNOWN_KEY
There is no setting "sede" here.
    2 | sede: 7
      | ^^^^
Did you mean "seed"?`,
    ],
    [
      'a key that is like no other',
      'clock: { banana: 1 }',
      `scenarios/checkout.yaml:1:10  UNKNOWN_KEY
There is no setting "banana" here.
    1 | clock: { banana: 1 }
      |          ^^^^^^
Known are: speed, mode.`,
    ],
    [
      'a word that there is not',
      'profile: seedence',
      `scenarios/checkout.yaml:1:10  INVALID_VALUE
"profile" cannot be "seedence".
    1 | profile: seedence
      |          ^^^^^^^^
Did you mean "seedance"? Write one of: seedance, dual-stack, permissive.`,
    ],
    [
      'a number out of range',
      'clock:\n  speed: 0\n',
      `scenarios/checkout.yaml:2:10  INVALID_VALUE
"speed" cannot be 0.
    2 |   speed: 0
      |          ^
Write more than 0.`,
    ],
    [
      'a number that is a text',
      'seed: seven',
      `scenarios/checkout.yaml:1:7  INVALID_VALUE
"seed" cannot be "seven".
    1 | seed: seven
      |       ^^^^^
Write a number, such as 3.`,
    ],
    [
      'a text that YAML takes for a number',
      'name: 2026',
      `scenarios/checkout.yaml:1:7  INVALID_VALUE
"name" cannot be 2026.
    1 | name: 2026
      |       ^^^^
Put it in quotes: "2026".`,
    ],
    [
      'a value left out',
      'name: tea\nseed:\n',
      `scenarios/checkout.yaml:2:1  INVALID_VALUE
"seed" has no value.
    2 | seed:
      | ^^^^
Write a number, such as 3.`,
    ],
    [
      'a map that is a number',
      'clock: 20',
      `scenarios/checkout.yaml:1:8  INVALID_VALUE
"clock" cannot be 20.
    1 | clock: 20
      |        ^^
Write \`key: value\` pairs; known are: speed, mode.`,
    ],
    [
      'a list that is a map',
      'faults:\n  on: accept\n',
      `scenarios/checkout.yaml:2:3  INVALID_VALUE
"faults" cannot be {"on":"accept"}.
    2 |   on: accept
      |   ^^
Write a list: a line with \`- \` for each item.`,
    ],
    [
      'no duration',
      'tasks: { queued: 8 }',
      `scenarios/checkout.yaml:1:18  INVALID_DURATION
"8" is not a duration.
    1 | tasks: { queued: 8 }
      |                  ^
Write a number and its unit: 250ms, 8s, 2m, 48h.`,
    ],
    [
      'a duration without end',
      'tasks: { queued: 100h }',
      `scenarios/checkout.yaml:1:18  DURATION_TOO_LONG
A duration of 100h is over the limit of 72h.
    1 | tasks: { queued: 100h }
      |                  ^^^^
Write a shorter one, and let time pass faster with \`clock: { speed: 20 }\`.`,
    ],
    [
      'a rule that would strike at once',
      'service: { idle: { after: 0s } }',
      `scenarios/checkout.yaml:1:27  INVALID_VALUE
"after" cannot be "0s".
    1 | service: { idle: { after: 0s } }
      |                           ^^
Write 1ms or more.`,
    ],
    [
      'a key inside one of two shapes',
      'service: { idle: { aftr: 8s } }',
      `scenarios/checkout.yaml:1:20  UNKNOWN_KEY
There is no setting "aftr" here.
    1 | service: { idle: { aftr: 8s } }
      |                    ^^^^
Did you mean "after"?`,
    ],
    [
      'none of two shapes',
      'service: { idle: of }',
      `scenarios/checkout.yaml:1:18  INVALID_VALUE
"idle" cannot be "of".
    1 | service: { idle: of }
      |                  ^^
Did you mean "off"? Write "off". Or: Write \`key: value\` pairs; known are: after, then.`,
    ],
    [
      'a key twice',
      'name: tea\nname: coffee\n',
      `scenarios/checkout.yaml:2:1  DUPLICATE_KEY
The setting "name" stands here twice.
    2 | name: coffee
      | ^^^^
Keep one of them.`,
    ],
    [
      'a check that there is not',
      'expect: [ backof: {} ]',
      `scenarios/checkout.yaml:1:11  UNKNOWN_CHECK
No check is called "backof".
    1 | expect: [ backof: {} ]
      |           ^^^^^^
Did you mean "backoff"? \`seedance-mock list checks\` shows them all.`,
    ],
  ])('%s', (_, source, complaint) => expect(complaintsOf(source)).toEqual([complaint]));
});

describe('a fault that is wrong', () => {
  test.each([
    [
      'a name that there is not',
      'on: session\ninject: [ go-away: { code: NO_ERROR } ]',
      `scenarios/checkout.yaml:3:15  UNKNOWN_FAULT
No fault on "session" is called "go-away".
    3 |     inject: [ go-away: { code: NO_ERROR } ]
      |               ^^^^^^^
Did you mean "goaway"? \`seedance-mock list faults\` shows them all.`,
    ],
    [
      'a name that stands on other hooks',
      'on: accept\ninject:\n  - tls-cut',
      `scenarios/checkout.yaml:4:9  UNKNOWN_FAULT
No fault on "accept" is called "tls-cut".
    4 |       - tls-cut
      |         ^^^^^^^
"tls-cut" strikes on client-hello, handshake: change \`on:\` to one of them.`,
    ],
    [
      'DNS queries counted by what they do not have',
      'on: dns\nwhen: { per: connection }\ninject: [ servfail ]',
      `scenarios/checkout.yaml:3:18  CONTRADICTION
A DNS query belongs to no connection.
    3 |     when: { per: connection }
      |                  ^^^^^^^^^^
Count per lane or client.`,
    ],
    [
      'two answers to one DNS query',
      'on: dns\ninject: [ servfail, flap ]',
      `scenarios/checkout.yaml:3:25  CONTRADICTION
"servfail" before it decides the answer already, so this "flap" has no effect.
    3 |     inject: [ servfail, flap ]
      |                         ^^^^
Split it into two faults, each with a \`when\` of its own.`,
    ],
    [
      'a setting that the fault has not',
      'on: request\ninject:\n  - delay: { ms: 1, jitter: 2 }',
      `scenarios/checkout.yaml:4:25  UNKNOWN_KEY
There is no setting "jitter" here.
    4 |       - delay: { ms: 1, jitter: 2 }
      |                         ^^^^^^
Known are: ms, uniform, normal, log-normal, exponential.`,
    ],
    [
      'a setting left out',
      'on: request\ninject:\n  - end: { how: hang }',
      `scenarios/checkout.yaml:4:14  MISSING_KEY
The setting "at" is missing.
    4 |       - end: { how: hang }
      |              ^^^^^^^^^^^^^
Add \`at:\`. Write one of: before-commit, after-commit, headers. Or: Write \`key: value\` pairs; known are: bodyBytes.`,
    ],
    [
      'settings left out altogether',
      'on: accept\ninject: [ limit ]',
      `scenarios/checkout.yaml:3:15  MISSING_KEY
The setting "max" is missing.
    3 |     inject: [ limit ]
      |               ^^^^^
Add \`max:\`. Write a number, such as 3.`,
    ],
    [
      'a delay without end',
      'on: request\ninject: [ delay: { ms: 15m } ]',
      `scenarios/checkout.yaml:3:28  DELAY_TOO_LONG
A delay of 15m is over the limit of 10m.
    3 |     inject: [ delay: { ms: 15m } ]
      |                            ^^^
Use \`end: { at: headers, how: hang }\` to outlast any client timeout.`,
    ],
    [
      'a delay without end, in milliseconds',
      'on: request\ninject: [ delay: { ms: 900000 } ]',
      `scenarios/checkout.yaml:3:28  DELAY_TOO_LONG
A delay of 900000ms is over the limit of 10m.
    3 |     inject: [ delay: { ms: 900000 } ]
      |                            ^^^^^^
Use \`end: { at: headers, how: hang }\` to outlast any client timeout.`,
    ],
    [
      'a drawn delay without end',
      'on: request\ninject: [ delay: { normal: { mean: 15m, deviation: 1s } } ]',
      `scenarios/checkout.yaml:3:40  DELAY_TOO_LONG
A delay of 15m is over the limit of 10m.
    3 |     inject: [ delay: { normal: { mean: 15m, deviation: 1s } } ]
      |                                        ^^^
Use \`end: { at: headers, how: hang }\` to outlast any client timeout.`,
    ],
    [
      'a delay of two lengths',
      'on: request\ninject: [ delay: { ms: 5, uniform: { from: 1s, to: 2s } } ]',
      `scenarios/checkout.yaml:3:22  INVALID_VALUE
"delay" cannot be {"ms":5,"uniform":{"from":"1s","to":"2s"}}.
    3 |     inject: [ delay: { ms: 5, uniform: { from: 1s, to: 2s } } ]
      |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
Write exactly one of ms, uniform, normal, log-normal or exponential.`,
    ],
    [
      'a delay of no length',
      'on: request\ninject: [ delay ]',
      `scenarios/checkout.yaml:3:15  INVALID_VALUE
An item of "inject" cannot be {}.
    3 |     inject: [ delay ]
      |               ^^^^^
Write exactly one of ms, uniform, normal, log-normal or exponential.`,
    ],
    [
      'a fault of one word that is not among its words',
      'on: handshake\ninject: [ certificate: revoked ]',
      `scenarios/checkout.yaml:3:28  INVALID_VALUE
"certificate" cannot be "revoked".
    3 |     inject: [ certificate: revoked ]
      |                            ^^^^^^^
Write one of: expired, not-yet-valid, wrong-host, self-signed, unknown-ca.`,
    ],
    [
      'a TLS version that the service never speaks',
      'on: handshake\ninject: [ tls-version: { only: TLSv1.1 } ]',
      `scenarios/checkout.yaml:3:36  INVALID_VALUE
"only" cannot be "TLSv1.1".
    3 |     inject: [ tls-version: { only: TLSv1.1 } ]
      |                                    ^^^^^^^
Did you mean "TLSv1.2"? Write one of: TLSv1.2, TLSv1.3, unsupported.`,
    ],
    [
      'more garbage than there can be',
      'on: handshake\ninject: [ garbage: { bytes: 65537 } ]',
      `scenarios/checkout.yaml:3:33  INVALID_VALUE
"bytes" cannot be 65537.
    3 |     inject: [ garbage: { bytes: 65537 } ]
      |                                 ^^^^^
Write 65536 or less.`,
    ],
    [
      'a header that the server writes itself',
      'on: request\ninject: [ status: { code: 503, headers: { connection: close } } ]',
      `scenarios/checkout.yaml:3:47  INVALID_VALUE
"connection" cannot stand here.
    3 |     inject: [ status: { code: 503, headers: { connection: close } } ]
      |                                               ^^^^^^^^^^
The server writes this header itself.`,
    ],
    [
      'no hook',
      'name: lost\ninject: [ reset ]',
      `scenarios/checkout.yaml:2:5  MISSING_KEY
The setting "on" is missing.
    2 |   - name: lost
      |     ^^^^
Add \`on:\`. Write one of: accept, client-hello, handshake, session, request, video, response, task, callback, dns.`,
    ],
    [
      'nothing to inject',
      'on: accept\ninject: []',
      `scenarios/checkout.yaml:3:13  INVALID_VALUE
"inject" cannot be empty.
    3 |     inject: []
      |             ^^
Give it at least one.`,
    ],
    [
      'two in one item',
      'on: request\ninject:\n  - delay:\n    ms: 200',
      `scenarios/checkout.yaml:5:9  INVALID_VALUE
An item has one name; this one has 2: delay, ms.
    5 |         ms: 200
      |         ^^
Start each with \`- \` on a line of its own, and indent its settings below it.`,
    ],
    [
      'an item without a name',
      'on: request\ninject: [ 7 ]',
      `scenarios/checkout.yaml:3:15  INVALID_VALUE
This item has no name.
    3 |     inject: [ 7 ]
      |               ^
Write \`- name\`, or \`- name: { setting: value }\`.`,
    ],
    [
      'a match that belongs to another hook',
      'on: accept\nmatch: { method: GET }\ninject: [ reset ]',
      `scenarios/checkout.yaml:3:14  UNKNOWN_KEY
There is no setting "method" here.
    3 |     match: { method: GET }
      |              ^^^^^^
Known are: remote.`,
    ],
    [
      'a path that is none',
      'on: request\nmatch: { path: tasks }\ninject: [ delay: { ms: 1 } ]',
      `scenarios/checkout.yaml:3:20  INVALID_VALUE
"path" cannot be "tasks".
    3 |     match: { path: tasks }
      |                    ^^^^^
It starts with "/".`,
    ],
  ])('%s', (_, lines, complaint) => expect(complaintsOf(fault(lines))).toEqual([complaint]));

  test('two of one name', () =>
    expect(
      complaintsOf(
        'faults:\n  - { name: cut, on: accept, inject: [reset] }\n  - { name: cut, on: accept, inject: [hang] }',
      ),
    ).toEqual([
      `scenarios/checkout.yaml:3:13  DUPLICATE_NAME
Two faults are called "cut".
    3 |   - { name: cut, on: accept, inject: [hang] }
      |             ^^^
Give each fault a name of its own: the journal and the chance of a fault go by its name.`,
    ]));
});

describe('a fault that contradicts itself', () => {
  test.each([
    [
      'two that end the same answer',
      'on: request\ninject:\n  - end: { at: headers }\n  - end: { at: after-commit }',
      `scenarios/checkout.yaml:5:9  CONTRADICTION
"end" before it decides the end already, so this "end" has no effect.
    5 |       - end: { at: after-commit }
      |         ^^^
Split it into two faults, each with a \`when\` of its own.`,
    ],
    [
      'a body that is never sent',
      'on: request\ninject:\n  - slow-body: { bytesPerSecond: 1 }\n  - end: { at: headers }',
      `scenarios/checkout.yaml:5:9  CONTRADICTION
"end" comes before the body of the answer is sent, so "slow-body" beside it has no effect.
    5 |       - end: { at: headers }
      |         ^^^
Let "end" strike later in the answer, or split it into two faults, each with a \`when\` of its own.`,
    ],
    [
      'a head that is never sent',
      'on: request\ninject:\n  - end: { at: before-commit }\n  - redirect',
      `scenarios/checkout.yaml:5:9  CONTRADICTION
"end" comes before the head of the answer is sent, so "redirect" beside it has no effect.
    5 |       - redirect
      |         ^^^^^^^^
Let "end" strike later in the answer, or split it into two faults, each with a \`when\` of its own.`,
    ],
    [
      'a length that is wrong and left out',
      'on: response\ninject:\n  - wrong-length: { by: 1 }\n  - drop-header: { name: Content-Length }',
      `scenarios/checkout.yaml:5:9  CONTRADICTION
"wrong-length" before it decides the length already, so this "drop-header" has no effect.
    5 |       - drop-header: { name: Content-Length }
      |         ^^^^^^^^^^^
Split it into two faults, each with a \`when\` of its own.`,
    ],
    [
      'a length that is right',
      'on: response\ninject: [ wrong-length: { by: 0 } ]',
      `scenarios/checkout.yaml:3:35  INVALID_VALUE
"by" cannot be 0.
    3 |     inject: [ wrong-length: { by: 0 } ]
      |                                   ^
Write how many bytes too many, or below 0 how many too few.`,
    ],
    [
      'a method on video',
      'on: video\nmatch: { method: GET }\ninject: [ expired-url ]',
      `scenarios/checkout.yaml:3:14  UNKNOWN_KEY
There is no setting "method" here.
    3 |     match: { method: GET }
      |              ^^^^^^
Known are: path, headers, protocol.`,
    ],
    [
      'after-commit on a GET',
      'on: request\nmatch: { method: GET }\ninject: [ end: { at: after-commit } ]',
      `scenarios/checkout.yaml:4:26  CONTRADICTION
A GET or HEAD commits nothing.
    4 |     inject: [ end: { at: after-commit } ]
      |                          ^^^^^^^^^^^^
Write \`at: headers\`, or match another method.`,
    ],
    [
      'before-commit when it is too late',
      'on: response\ninject: [ end: { at: before-commit } ]',
      `scenarios/checkout.yaml:3:26  CONTRADICTION
On "response" the request has been carried out already.
    3 |     inject: [ end: { at: before-commit } ]
      |                          ^^^^^^^^^^^^^
Write \`on: request\`.`,
    ],
    [
      'a closed port that meets connections',
      'on: accept\ninject: [ refuse, latency: { ms: 3 } ]',
      `scenarios/checkout.yaml:3:23  CONTRADICTION
Nothing is counted here, so a time alone strikes, and "latency" meets no connection.
    3 |     inject: [ refuse, latency: { ms: 3 } ]
      |                       ^^^^^^^^^^^^^^^^^^
Give it a fault of its own, or say in \`when\` which connection strikes.`,
    ],
    [
      'a queue that nobody leaves',
      'on: accept\ninject: [ limit: { max: 0, overflow: queue } ]',
      `scenarios/checkout.yaml:3:29  CONTRADICTION
With none open there is none to end, and nobody is ever let in.
    3 |     inject: [ limit: { max: 0, overflow: queue } ]
      |                             ^
Write 1 or more, or use \`hang\` or \`refuse\`.`,
    ],
    [
      'bytes that arrive before they are sent',
      'on: accept\ninject: [ latency: { ms: 10, jitter: 20 } ]',
      `scenarios/checkout.yaml:3:42  CONTRADICTION
A jitter of 20ms around 10ms would carry bytes before they were sent.
    3 |     inject: [ latency: { ms: 10, jitter: 20 } ]
      |                                          ^^
Write a \`jitter\` of \`ms\` at most.`,
    ],
    [
      'a code that nothing carries',
      'on: request\ninject: [ end: { at: headers, how: fin, code: CANCEL } ]',
      `scenarios/checkout.yaml:3:51  CONTRADICTION
Only RST_STREAM carries a code; "fin" does not.
    3 |     inject: [ end: { at: headers, how: fin, code: CANCEL } ]
      |                                                   ^^^^^^
Write \`how: rst-stream\`.`,
    ],
    [
      'an end before the start',
      'on: accept\nwhen: { from: 10s, to: 5s }\ninject: [ reset ]',
      `scenarios/checkout.yaml:3:28  CONTRADICTION
It ends at 5s, before it starts at 10s.
    3 |     when: { from: 10s, to: 5s }
      |                            ^^
Write a \`to\` that is later than \`from\`.`,
    ],
    [
      'ordinals that never meet',
      'on: accept\nwhen: { every: 3, first: 2 }\ninject: [ reset ]',
      `scenarios/checkout.yaml:3:30  CONTRADICTION
It never strikes: it could from number 3 on, after the first 2.
    3 |     when: { every: 3, first: 2 }
      |                              ^
Loosen one of them: all that is given must hold.`,
    ],
    [
      'ordinals of a connection that never meet',
      'on: accept\nwhen: { connection: { nth: [1, 2], after: 2 } }\ninject: [ reset ]',
      `scenarios/checkout.yaml:3:25  CONTRADICTION
It never strikes: no \`nth\` satisfies the other conditions.
    3 |     when: { connection: { nth: [1, 2], after: 2 } }
      |                         ^^^^^^^^^^^^^^^^^^^^^^^^^
Loosen one of them: all that is given must hold.`,
    ],
    [
      'counted by what is not known yet',
      'on: accept\nwhen: { nth: 1, per: task }\ninject: [ reset ]',
      `scenarios/checkout.yaml:3:26  CONTRADICTION
On "accept" no task is known yet to count by.
    3 |     when: { nth: 1, per: task }
      |                          ^^^^
Count per lane, connection or client, or strike on request, response or task.`,
    ],
  ])('%s', (_, lines, complaint) => expect(complaintsOf(fault(lines))).toEqual([complaint]));
});

describe('a text that is no YAML', () => {
  test.each([
    [
      'a bracket left open',
      'faults: [\n',
      `scenarios/checkout.yaml:2:1  YAML_SYNTAX
Flow sequence in block collection must be sufficiently indented and end with a ].
    2 | 
      | ^
The file is not valid YAML 1.2; check indentation, quotes and brackets near this place.`,
    ],
    [
      'a second document',
      'name: tea\n---\nname: coffee\n',
      `scenarios/checkout.yaml:3:1  YAML_SYNTAX
A scenario is one document; here a second one starts.
    3 | name: coffee
      | ^
The file is not valid YAML 1.2; check indentation, quotes and brackets near this place.`,
    ],
    [
      'an alias of nothing',
      'name: *tea\n',
      `scenarios/checkout.yaml:1:7  YAML_SYNTAX
Unresolved alias (the anchor must be set before the alias): tea.
    1 | name: *tea
      |       ^^^^
The file is not valid YAML 1.2; check indentation, quotes and brackets near this place.`,
    ],
    [
      'a tag that there is not',
      'name: !tea x\n',
      `scenarios/checkout.yaml:1:7  YAML_SYNTAX
Unresolved tag: !tea.
    1 | name: !tea x
      |       ^^^^
The file is not valid YAML 1.2; check indentation, quotes and brackets near this place.`,
    ],
    [
      'an empty file',
      '# nothing yet\n',
      `scenarios/checkout.yaml:1:1  EMPTY_SCENARIO
The scenario is empty.
Write \`name: ...\` to start from; \`seedance-mock list scenarios\` shows examples.`,
    ],
    [
      'an empty document',
      '---\n',
      `scenarios/checkout.yaml:1:1  EMPTY_SCENARIO
The scenario is empty.
Write \`name: ...\` to start from; \`seedance-mock list scenarios\` shows examples.`,
    ],
    [
      'a text',
      'tea',
      `scenarios/checkout.yaml:1:1  INVALID_VALUE
This cannot be "tea".
    1 | tea
      | ^^^
Write \`key: value\` pairs; known are: name, description, seed, profile, clock, clients, service, tasks, callbacks, media, limits, faults, expect.`,
    ],
  ])('%s', (_, source, complaint) => expect(complaintsOf(source)).toEqual([complaint]));

  test('aliases of aliases without end are refused', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`);
    expect(codesOf(['l0: &l0 [x]', ...levels].join('\n'))).toEqual(['2:10  YAML_SYNTAX']);
  });

  test('brackets within brackets without end are refused', () =>
    expect(complaintsOf('['.repeat(100_000))).toEqual([expect.stringContaining('nested too deeply')]));

  test('a text of more than a quarter of a megabyte is refused', () =>
    expect(complaintsOf(`# ${'x'.repeat(1024 ** 2)}`)).toEqual([
      `scenarios/checkout.yaml:1:1  SCENARIO_TOO_LARGE
The scenario has 1048578 bytes, over the limit of 262144 bytes.
Split it into several scenarios.`,
    ]));

  test('names that JavaScript keeps for itself are keys like others', () =>
    expect(codesOf('__proto__: { seed: 1 }\nconstructor: 1\n')).toEqual(['1:1  UNKNOWN_KEY', '2:1  UNKNOWN_KEY']));
});

test('every problem is told at once, in the order of the file', () => {
  const source = `
nmae: checkout
seed: -1
expect: [ bakoff ]
faults:
  - on: request
    match: { methd: GET, path: tasks }
    when: { every: 0, from: soon }
    inject:
      - dely: { ms: 200 }
      - delay: { ms: 20m }
      - end: { at: after-comit }
  - on: nowhere
    inject: reset
`;
  expect(codesOf(source)).toEqual([
    '2:1  UNKNOWN_KEY',
    '3:7  INVALID_VALUE',
    '4:11  UNKNOWN_CHECK',
    '7:14  UNKNOWN_KEY',
    '7:32  INVALID_VALUE',
    '8:20  INVALID_VALUE',
    '8:29  INVALID_DURATION',
    '10:9  UNKNOWN_FAULT',
    '11:22  DELAY_TOO_LONG',
    '12:20  INVALID_VALUE',
    '13:9  INVALID_VALUE',
    '14:13  INVALID_VALUE',
  ]);
});

test('a place behind an alias is the place where it was written', () => {
  const source = `
faults:
  - { on: request, match: &polls { method: GET, path: tasks }, inject: [ delay: { ms: 1 } ] }
  - { on: response, match: *polls, inject: [ delay: { ms: 1 } ] }
`;
  expect(codesOf(source)).toEqual(['3:55  INVALID_VALUE', '3:55  INVALID_VALUE']);
});

test('lines may end as on Windows', () =>
  expect(complaintsOf('name: tea\r\nsede: 7\r\n')).toEqual([
    `scenarios/checkout.yaml:2:1  UNKNOWN_KEY
There is no setting "sede" here.
    2 | sede: 7
      | ^^^^
Did you mean "seed"?`,
  ]));

test('a mistake in a text of a program is shown in that text', () =>
  expect(complaintsOf('sede: 7', '')).toEqual([
    `inline:1:1  UNKNOWN_KEY
There is no setting "sede" here.
    1 | sede: 7
      | ^^^^
Did you mean "seed"?`,
  ]));

test('an object that cannot be written down is refused', () => {
  const loop: ScenarioInput & { faults?: unknown } = { name: 'loop' };
  Object.assign(loop, { description: loop });
  expect(complaintsOf(loop)).toEqual([expect.stringContaining('The scenario cannot be written as YAML')]);
});
