import { expect, test } from 'vitest';
import { openClient } from '../../client-tests/typescript/support/client.ts';
import { openFolder } from '../../client-tests/typescript/support/command-line.ts';
import { TASKS } from '../../client-tests/typescript/support/tasks.ts';
import { startMockServer } from '../mock-server.ts';
import { bundledScenarios, readScenario } from '../scenario/bundled.ts';
import { type ExplainOptions, runExplain } from './explain.ts';
import { captureOutput } from './testing.ts';

async function explain(yaml: string, options: ExplainOptions = {}): Promise<string> {
  await using folder = await openFolder();
  const output = captureOutput();
  expect(runExplain(await folder.write('mine.yaml', yaml), options, output)).toBe(0);
  return output.out;
}

test('it says when a fault strikes, whom, why not, and when next', async () => {
  const yaml = `
seed: 7
faults:
  - name: drain
    on: request
    match: { method: GET, path: ${TASKS}/:id }
    when: { every: 3 }
    inject: [ goaway: { lastStreamId: 1 } ]
  - name: busy
    on: request
    match: { method: POST, path: ${TASKS} }
    when: { nth: 2 }
    inject: [ delay: { ms: 200 }, status: { code: 429 } ]
expect: [ backoff, { poll-interval: { atLeast: 1s } } ]
`;
  expect(await explain(yaml, { requests: 6 })).toBe(`scenario "mine", profile seedance, seed 7

It expects of its client:
  backoff        a wait of 100ms after a reset, times 2 after each further one, plus up to 100ms by chance
  poll-interval  1s or more between two polls of a task

fault "drain"  strikes every 3rd GET ${TASKS}/:id: send GOAWAY NO_ERROR, last stream 1
  strikes #5 of the first 6, and next #11
  request #1 is not struck: it is the 1st of its kind, the next strike is at the 3rd
  request #2 does not match: its method is POST, not GET
fault "busy"  strikes the 2nd POST ${TASKS}: wait 200ms, answer 429
  strikes #4 of the first 6, and none of the 1000 after them
  request #1 does not match: its method is GET, not POST
  request #2 is not struck: it is the 1st of its kind, the next strike is at the 2nd

The first 6 requests, one a second, from one client, over one connection until it is ended:
  #1  GET ${TASKS}/cgt-1  as the service does
  #2  POST ${TASKS}       as the service does
  #3  GET ${TASKS}/cgt-1  as the service does
  #4  POST ${TASKS}       wait 200ms, answer 429 ("busy")
  #5  GET ${TASKS}/cgt-1  send GOAWAY NO_ERROR, last stream 1 ("drain")
  #6  POST ${TASKS}       as the service does
`);
});

test('an answer that a fault gives in place of the service is matched by what it says', async () => {
  const yaml = `
faults:
  - { name: half, on: request, when: { nth: 2 }, inject: [ status: { code: 503 } ] }
  - { name: bare, on: response, match: { status: 404 }, inject: [ drop-header: { name: x-request-id } ] }
`;
  const told = await explain(yaml, { requests: 4 });
  expect(told).toMatch(/^fault "bare" .*\n {2}strikes #4 of the first 4, and next #6$/m);
  expect(told).toContain('request #2 does not match: its status is 503, not 404');
  expect(told).toMatch(/^ {2}#2 .* -> 503 {2}answer 503 \("half"\)$/m);
});

test('a frame on the stream of a request reaches it over h2, and over HTTP/1.1 there are none', async () => {
  const faultOn = (protocol: string) =>
    `profile: dual-stack\nfaults: [{ name: odd, on: request, match: { protocol: ${protocol} }, inject: [ raw-frame: { type: 190 } ] }]`;
  expect(await explain(faultOn('h2'), { requests: 2 })).toContain('strikes #1, #2 of the first 2');
  expect(await explain(faultOn('http/1.1'), { requests: 2 })).toContain('strikes none of the first 2');
});

test('what several faults do to one request is told together, and what has no effect is said to have none', async () => {
  const yaml = `
faults:
  - { name: slow, on: request, inject: [ delay: { ms: 200 } ] }
  - { name: busy, on: request, when: { every: 2 }, inject: [ status: { code: 503 } ] }
  - { name: broken, on: request, when: { every: 2 }, inject: [ status: { code: 500 } ] }
  - { name: lost, on: request, when: { nth: 3 }, inject: [ end: { at: before-commit } ] }
  - { name: late, on: response, inject: [ delay: { ms: 1s } ] }
`;
  const said = await explain(yaml, { requests: 3 });

  expect(said).toContain('  #1  GET /api/v3/contents/generations/tasks/cgt-1  wait 200ms ("slow"); wait 1s ("late")\n');
  expect(said).toMatch(
    /#2 .*wait 200ms \("slow"\); answer 503 \("busy"\); answer 500 \[without effect\] \("broken"\); wait 1s/,
  );
  expect(said).toMatch(
    /#3 .*wait 200ms \("slow"\); reset the connection before the request is carried out \("lost"\)\n/,
  );
  expect(said).toContain('  without effect on #2: what it decides is decided already, or not reached\n');
  expect(said).toContain('  request #3 does not get this far: what struck it before has ended it\n');
});

test('an end before the work leaves a status of another fault without effect', async () => {
  const yaml = `
faults:
  - { name: busy, on: request, inject: [ status: { code: 503 } ] }
  - { name: lost, on: request, inject: [ end: { at: before-commit } ] }
`;
  expect(await explain(yaml, { requests: 1 })).toMatch(
    /#1 .*answer 503 \[without effect\] \("busy"\); reset the connection/,
  );
});

test('connections and tasks are told of as well', async () => {
  const yaml = `
faults:
  - { name: full, on: accept, inject: [ limit: { max: 2 } ] }
  - { name: drain, on: session, when: { nth: 2 }, inject: [ goaway ] }
  - { name: stuck, on: task, when: { nth: 2 }, inject: [ stick: { in: queued } ] }
`;
  const said = await explain(yaml, { requests: 3 });
  expect(said).toMatch(/#2 {2}from 127.0.0.1 for localhost {2}send GOAWAY/);
  expect(said).toMatch(
    /#3 {2}from 127.0.0.1 for localhost {2}reset the connection, as more than 2 are open \("full"\)/,
  );
  expect(said).toContain('  connection #1 is struck, but there is nothing to do yet\n');
  expect(said).toContain('  connection #3 does not get this far');
  expect(said).toMatch(/#2 {2}of doubao-seedance-2-0-260128 {2}leave the task queued until it expires \("stuck"\)/);
});

test('a fault that waits for a protocol which nobody speaks strikes nothing, and is warned of', async () => {
  const yaml = `
profile: dual-stack
service: { alpn: { offer: [http/1.1] } }
faults:
  - { name: drain, on: session, inject: [ goaway ] }
  - { name: busy, on: request, match: { protocol: h2 }, inject: [ status: { code: 503 } ] }
`;
  const said = await explain(yaml, { requests: 1 });

  expect(said).toContain('warning: No connection speaks h2 here, so these never strike: "drain", "busy".');
  expect(said).toContain('  strikes none of the first 1 connection');
  expect(said).toContain('  connection #1 does not match: its protocol is http/1.1, not h2\n');
  expect(said).toContain('  request #1 does not match: its protocol is http/1.1, not h2\n');
});

test('by chance, by time and by number it says the same as a server does', async () => {
  const scenario = {
    seed: 4711,
    profile: 'permissive',
    faults: [
      { name: 'chance', on: 'request', when: { probability: 0.3 }, inject: [{ status: { code: 500 } }] },
      { name: 'window', on: 'request', when: { from: '5s', to: '9s' }, inject: [{ delay: { ms: 0 } }] },
      { name: 'third', on: 'response', when: { every: 3 }, inject: [{ delay: { ms: 0 } }] },
    ],
  } as const;
  const told = JSON.parse(await explain(JSON.stringify(scenario), { json: true }));

  await using server = await startMockServer({ scenario, clock: 'manual' });
  await using client = await openClient(server);
  for (let call = 0; call < 20; call++) {
    await client.get(TASKS);
    await server.clock.advance(1_000);
  }

  const struck = server.journal.events('fault.injected').map(({ fault, ordinal, did }) => ({ fault, ordinal, did }));
  const effects = told.rehearsals[0].each.flatMap((each: { effects: object[] }) => each.effects);
  expect(struck.length).toBeGreaterThan(10);
  expect(effects.map(({ hasEffect: _, ...effect }: { hasEffect: boolean }) => effect)).toEqual(struck);
});

test('a seed that is chosen is said, and repeats what was told', async () => {
  const yaml = 'faults: [{ on: request, when: { probability: 0.5 }, inject: [ status: { code: 500 } ] }]\n';
  const said = await explain(yaml);
  const seed = Number(/seed (\d+) \(chosen now; --seed repeats it\)/.exec(said)?.[1]);
  expect((await explain(yaml, { seed })).replace(/seed.*/, '')).toBe(said.replace(/seed.*/, ''));
});

test('where chance hangs on the name of the client, it says which one was assumed', async () => {
  const yaml = `
seed: 7
faults:
  - { name: by chance, on: request, when: { per: client, probability: 0.5 }, inject: [ delay: { ms: 1 } ] }
  - { name: drawn, on: request, when: { per: client, nth: 2 }, inject: [ delay: { uniform: { from: 0, to: 1s } } ] }
  - { name: by number, on: request, when: { per: client, every: 2 }, inject: [ delay: { ms: 1 } ] }
  - { name: for all, on: request, when: { probability: 0.5 }, inject: [ delay: { ms: 1 } ] }
  - { name: from here, on: accept, when: { per: client, probability: 0.5 }, inject: [ reset ] }
`;
  const said = await explain(yaml);
  const { rehearsals } = JSON.parse(await explain(yaml, { json: true }));

  expect(said.match(/^ {2}chance .*$/gm)).toEqual([
    "  chance hangs on the client's name, assumed to be 127.0.0.1: for another it falls otherwise",
    "  chance hangs on the client's name, assumed to be client-1: for another it falls otherwise",
    "  chance hangs on the client's name, assumed to be client-1: for another it falls otherwise",
  ]);
  const told = rehearsals.flatMap(({ faults }: { faults: readonly object[] }) => faults);
  expect(told.map(({ name, drawnFor }: { name: string; drawnFor?: unknown }) => [name, drawnFor])).toEqual([
    ['from here', ['127.0.0.1']],
    ['by chance', ['client-1']],
    ['drawn', ['client-1']],
    ['by number', undefined],
    ['for all', undefined],
  ]);
});

test('without a fault there is only what the service does', async () => {
  expect(await explain('name: calm\nprofile: permissive\n', { seed: 1 })).toBe(
    `scenario "calm", profile permissive, seed 1

It expects nothing of its client: \`run\` ends with exit code 3, whatever the client does.

No fault is armed: what happens is what the service always does in profile permissive.
`,
  );
});

test.each(bundledScenarios().map(({ name }) => name))('%s is explained, with each of its faults', (name) => {
  const output = captureOutput();
  runExplain(name, { json: true, seed: 7 }, output);
  const { rehearsals } = JSON.parse(output.out);
  const told = rehearsals.flatMap(({ faults }: { faults: readonly { name: string }[] }) =>
    faults.map((fault) => fault.name),
  );
  expect(told.toSorted()).toEqual(
    readScenario(name)
      .faults.map((rule) => rule.name)
      .toSorted(),
  );
});

test('it says how clients are identified, unless that is the default', async () => {
  const yaml = 'seed: 7\nclients: { by: [header x-team, api-key], same: [[web, "worker-*"]] }\n';
  const told = await explain(yaml);
  expect(told).toMatch(/^clients are identified by header x-team, else api-key; one client: web, worker-\*$/m);
  const { clients } = JSON.parse(await explain(yaml, { json: true }));
  expect(clients).toEqual({ by: ['header x-team', 'api-key'], same: [['web', 'worker-*']] });
  expect(await explain('seed: 7')).not.toContain('clients are identified');
});
