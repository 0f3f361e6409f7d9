import {
  calm,
  createStatus,
  cutPolls,
  dual,
  emptyCreate,
  halfCreate,
  lostCreate,
  lostStream,
  on,
  refusedCreate,
} from '../faults.ts';
import {
  backoff,
  bodyOf,
  type Client,
  type CreateOptions,
  Failed,
  fixed,
  ignore,
  retry,
  sleep,
  TASKS,
} from '../node/client.ts';
import { rowsOf } from '../row.ts';

const DUPLICATES = 'no-duplicate-creates';
const SETTLED = 'tasks-settled';
const lost = { ...calm, faults: [lostCreate] };
const duplicate = { [DUPLICATES]: 'fail: duplicate' } as const;
const fine = { [DUPLICATES]: 'pass', [SETTLED]: 'pass' } as const;
/** What a create is that comes again with another seed or mark after one that failed. */
const changed = {
  'recovers-within': 'inconclusive: another attempt at the failed create, or another video',
  'creates-accounted': 'inconclusive: another attempt at the failed create, or another video',
} as const;
/** Answered late, so that both are sent before the first answer. */
const slowCreates = on.creates('slow', [{ delay: { ms: 300 } }], { first: 2 });
/** The create, sent again until it is answered. */
const again = (client: Client, options: CreateOptions = {}) => retry(fixed(300), () => client.create(options));
const markOf = (video: number) => `video-${process.env.TRUTH_PROCESS?.split('#')[1]}-${video}`;

/** A create that is looked for by its mark before it is repeated. */
async function createOnce(client: Client, options: CreateOptions & { readonly mark: string }): Promise<string> {
  return retry(backoff, async (n) => {
    const found = n > 1 ? (await client.list()).find((task) => task.safety_identifier === options.mark) : undefined;
    return found ? found.id : client.create(options);
  });
}

/** The first task of a List that is not known yet, as many clients do it. */
async function adopt(client: Client, known: readonly string[]): Promise<string> {
  const listed = await retry(backoff, () => client.list());
  const unknown = listed.find(({ id }) => !known.includes(id));
  if (!unknown) throw new Error('List shows nothing new');
  return unknown.id;
}

const createOrAdopt = (client: Client, known: readonly string[] = [], options: CreateOptions = {}) =>
  client.create(options).catch(async (error) => {
    if (!(error instanceof Failed)) throw error;
    await sleep(200);
    return adopt(client, known);
  });

const followAll = (client: Client, ids: readonly string[]) => Promise.all(ids.map((id) => client.follow(id)));

/** Which creates are the same (section 4). */
export const creates = rowsOf([
  {
    name: 'lost-create-repeated',
    does: 'repeats a create whose answer was lost, and follows the second task',
    in: ['python', 'go'],
    scenario: lost,
    required: { ...duplicate, [SETTLED]: 'fail' },
    program: async (client) => client.follow(await again(client)),
  },
  {
    name: 'lost-stream-repeated',
    does: 'repeats a create whose stream was reset on a connection that lives on',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [lostStream] },
    required: { ...duplicate, [SETTLED]: 'fail' },
    program: async (client) => client.follow(await again(client)),
  },
  {
    name: 'lost-create-found-by-mark',
    does: 'finds the lost create in List by its `safety_identifier`, and follows it',
    in: ['python', 'go'],
    scenario: lost,
    required: fine,
    program: async (client) => client.follow(await createOnce(client, { mark: markOf(1) })),
  },
  {
    name: 'lost-create-adopted',
    does: 'adopts the one unknown task of List: one create in flight, and no other client',
    in: ['python'],
    scenario: lost,
    required: fine,
    // Each of six replicas sees the tasks of the others.
    modes: {
      copies: {
        [DUPLICATES]: ['pass', 'inconclusive: without a mark the replica may have adopted the task of another'],
        [SETTLED]: ['fail', 'inconclusive: without a mark the replica may have adopted the task of another'],
      },
      parallel: {
        [SETTLED]: ['pass', 'fail', 'inconclusive: without a mark it may have adopted the task of another client'],
      },
    },
    program: async (client) => client.follow(await createOrAdopt(client)),
  },
  {
    name: 'parallel-create-adopted',
    does: 'has two creates in flight, loses one, and adopts the unknown task of List, rightly by luck',
    in: [],
    scenario: lost,
    required: {
      [DUPLICATES]: 'pass',
      [SETTLED]: 'inconclusive: two creates were in flight, and no mark says whose task was adopted',
    },
    not: ['copies', 'parallel'],
    program: async (client) => {
      const first = client.create({ prompt: 'A lighthouse.' }).catch(ignore);
      const second = await client.create({ prompt: 'A harbour.' });
      await first;
      await followAll(client, [second, await adopt(client, [second])]);
    },
  },
  {
    name: 'task-of-another-call-adopted',
    does: 'has two creates in flight, loses one, and adopts the task of the other call',
    in: [],
    scenario: {
      ...calm,
      tasks: { queued: '100ms', running: '2500ms' },
      faults: [lostStream, on.creates('the second answer is late', [{ delay: { ms: 600 } }], { nth: 2 })],
    },
    required: { [DUPLICATES]: 'pass', [SETTLED]: 'fail' },
    not: ['copies', 'parallel', 'speed', 'manual'],
    program: async (client) => {
      await client.create({ prompt: 'A lighthouse.' }).catch(ignore);
      const second = client.create({ prompt: 'A harbour.' });
      await sleep(100);
      const id = await second;
      // The newest in List is the task of the second call.
      const adopted = (await client.list())[0]?.id ?? id;
      await followAll(client, [id, adopted]);
    },
  },
  {
    name: 'empty-create-repeated',
    does: 'creates again after a 200 without a body (the Go SDK)',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [emptyCreate] },
    required: duplicate,
    program: async (client) => client.follow(await again(client)),
  },
  {
    name: 'empty-create-repeated-then-list',
    does: 'creates again after a 200 without a body, and asks for a List afterwards',
    in: ['go'],
    scenario: { ...calm, faults: [emptyCreate] },
    required: duplicate,
    program: async (client) => {
      await client.follow(await again(client));
      await client.list();
    },
  },
  {
    name: 'half-create-repeated',
    does: 'creates again after a 200 with truncated JSON',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [halfCreate] },
    required: duplicate,
    program: async (client) => client.follow(await again(client)),
  },
  {
    name: 'half-create-repeated-then-list',
    does: 'creates again after a 200 with truncated JSON, and asks for a List afterwards',
    in: ['python'],
    scenario: { ...calm, faults: [halfCreate] },
    required: duplicate,
    program: async (client) => {
      await client.follow(await again(client));
      await client.list();
    },
  },
  {
    name: 'failed-poll-creates-again',
    does: 'creates again after one failed poll (AI SDK 6)',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [cutPolls(1)] },
    required: { ...duplicate, [SETTLED]: 'fail' },
    program: async (client) => {
      await client.poll(await client.create()).catch(ignore);
      await client.follow(await client.create());
    },
  },
  {
    name: 'failed-poll-creates-again-then-list',
    does: 'creates again after one failed poll, and asks for a List afterwards',
    in: [],
    scenario: { ...calm, faults: [cutPolls(1)] },
    required: duplicate,
    program: async (client) => {
      await client.poll(await client.create()).catch(ignore);
      await client.follow(await client.create());
      await client.list();
    },
  },
  {
    name: 'lost-create-with-new-seed',
    does: 'repeats a lost create with a new `seed`',
    in: ['python', 'go'],
    scenario: lost,
    required: duplicate,
    program: async (client) => client.follow(await retry(fixed(300), (n) => client.create({ seed: n }))),
  },
  {
    name: 'lost-create-with-new-mark',
    does: 'repeats a lost create with a new `safety_identifier` for each attempt',
    in: ['python'],
    scenario: lost,
    required: duplicate,
    program: async (client) => client.follow(await retry(fixed(300), (n) => client.create({ mark: `attempt-${n}` }))),
  },
  {
    name: 'lost-create-by-another-library',
    does: 'repeats a lost create with another library of the same program, which `clients` does not say',
    in: [],
    scenario: lost,
    required: { [DUPLICATES]: 'inconclusive: with one API key it may be one program or two' },
    not: ['copies'],
    program: async (client) => {
      await client.create().catch(ignore);
      const other = client.other({ agent: 'downloader/2', tls: { ciphers: 'TLS_AES_128_GCM_SHA256' } });
      await other.follow(await other.create());
    },
  },
  {
    name: 'lost-create-by-a-declared-library',
    does: 'repeats a lost create with another library, and `clients` says that they are one client',
    in: [],
    scenario: lost,
    clients: { same: [['sdk', 'downloader']] },
    needs: ['clients.same'],
    required: duplicate,
    not: ['copies'],
    program: async (client) => {
      await client
        .other({ headers: { 'x-client-id': 'sdk' } })
        .create()
        .catch(ignore);
      const other = client.other({ agent: 'downloader/2', headers: { 'x-client-id': 'downloader' } });
      await other.follow(await other.create());
    },
  },
  {
    name: 'lost-create-by-fallback',
    does: 'repeats a lost create over HTTP/1.1, to which it falls back (row C4)',
    in: ['python', 'go'],
    scenario: { ...dual, faults: [lostCreate] },
    required: duplicate,
  },
  {
    name: 'lost-create-from-another-address',
    does: 'repeats a lost create from another address with the same API key, which `clients` does not say',
    in: ['go'],
    scenario: lost,
    required: { [DUPLICATES]: 'inconclusive: with one API key it may be one program or two' },
    not: ['copies'],
    program: async (client) => {
      await client.create().catch(ignore);
      const other = client.other({ tls: { localAddress: '127.0.0.2' } as object });
      await other.follow(await other.create());
    },
  },
  {
    name: 'lost-create-from-another-address-by-id',
    does: 'repeats a lost create from another address under the same `x-client-id`',
    in: [],
    scenario: lost,
    needs: ['clients.by'],
    required: duplicate,
    not: ['copies'],
    program: async (client) => {
      const headers = { 'x-client-id': 'roaming' };
      await client.other({ headers }).create().catch(ignore);
      const other = client.other({ headers, tls: { localAddress: '127.0.0.2' } as object });
      await other.follow(await other.create());
    },
  },
  {
    name: 'silent-create-left-and-repeated',
    does: 'times out, leaves its stream open, and posts the same body on a new connection',
    in: ['python'],
    scenario: { ...calm, faults: [on.creates('no answer', [{ end: { at: 'after-commit', how: 'hang' } }])] },
    required: {
      [DUPLICATES]: ['fail', 'inconclusive: the first create may be meant still, as a second video of the same prompt'],
    },
    program: async (client) => {
      await client.create({ timeoutMs: 400, onTimeout: 'leave' }).catch(ignore);
      await client.follow(await client.create());
    },
  },
  {
    name: 'silent-create-cancelled-and-repeated',
    does: 'times out, resets its stream, and posts the same body again',
    in: ['go'],
    scenario: { ...calm, faults: [on.creates('no answer', [{ end: { at: 'after-commit', how: 'hang' } }])] },
    required: duplicate,
    program: async (client) => {
      await client.create({ timeoutMs: 400 }).catch(ignore);
      await client.follow(await client.create());
    },
  },
  {
    name: 'three-videos-first-found',
    does: 'makes three videos of one prompt, loses the first answer, finds it by List, and follows all',
    in: ['python', 'go'],
    scenario: lost,
    required: fine,
    modes: {
      copies: {
        [DUPLICATES]: ['pass', 'inconclusive: without a mark the replica may have adopted the task of another'],
        [SETTLED]: ['fail', 'inconclusive: without a mark the replica may have adopted the task of another'],
      },
    },
    not: ['parallel'],
    program: async (client) => {
      const ids = [await createOrAdopt(client)];
      for (let video = 2; video <= 3; video++) ids.push(await client.create());
      await followAll(client, ids);
    },
  },
  {
    name: 'three-videos-first-found-by-mark',
    does: 'makes three videos of one prompt, each with its own mark, and finds the lost one by it',
    in: [],
    scenario: lost,
    required: fine,
    program: async (client) => {
      const ids: string[] = [];
      for (let video = 1; video <= 3; video++) ids.push(await createOnce(client, { mark: markOf(video) }));
      await followAll(client, ids);
    },
  },
  {
    name: 'three-videos-with-keys',
    does: 'makes three videos of one prompt with an `Idempotency-Key` each, and finds the lost one by List',
    in: ['python', 'go'],
    scenario: lost,
    required: fine,
    not: ['copies', 'parallel'],
    program: async (client) => {
      const ids: string[] = [];
      for (let video = 1; video <= 3; video++) ids.push(await createOrAdopt(client, ids, { key: `video-${video}` }));
      await followAll(client, ids);
    },
  },
  {
    name: 'three-videos-one-after-the-other',
    does: 'makes three videos of one prompt, one after the other, and follows each',
    in: ['python', 'go'],
    scenario: calm,
    required: fine,
    program: async (client) => {
      for (let video = 1; video <= 3; video++) await client.follow(await client.create());
    },
  },
  {
    name: 'three-videos-at-once',
    does: 'makes three videos of one prompt at the same time, and follows all',
    in: ['python', 'go'],
    scenario: calm,
    required: fine,
    program: async (client) => {
      await client.connection();
      await followAll(client, await Promise.all([1, 2, 3].map(() => client.create())));
    },
  },
  {
    name: 'second-video-and-first-never-followed',
    does: 'makes the same video twice, and never asks for the first one',
    in: ['go'],
    scenario: calm,
    required: { ...duplicate, [SETTLED]: 'fail' },
    program: async (client) => {
      await client.create();
      await client.follow(await client.create());
    },
  },
  {
    name: 'two-clients-behind-one-address',
    does: 'is two clients with keys of their own; one loses its create and finds it by its mark',
    in: ['python', 'go'],
    scenario: lost,
    processes: 2,
    required: fine,
    program: async (client) => client.follow(await createOnce(client, { mark: markOf(1) })),
  },
  {
    name: 'two-users-of-one-prompt',
    does: 'is two clients with keys of their own; one loses its create for good, the other makes the same video',
    in: [],
    scenario: lost,
    processes: 2,
    required: { [DUPLICATES]: 'pass', [SETTLED]: 'fail' },
    program: async (client) => {
      // The second one begins when the first has lost its create.
      if (client.process === 2) await sleep(900);
      const id = await client.create().catch(ignore);
      if (id !== undefined) await client.follow(id);
    },
  },
  {
    name: 'hedged-create',
    does: 'sends a second create while the first has no answer yet, without a key',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [on.creates('slow', [{ delay: { ms: 600 } }])] },
    required: duplicate,
    modes: { speed: { [DUPLICATES]: ['fail', 'pass', 'inconclusive: at 20 times the speed it is not slow'] } },
    program: async (client) => {
      await client.connection();
      const first = client.create();
      await sleep(200);
      const second = client.create();
      await client.follow(await Promise.race([first, second]));
      await Promise.allSettled([first, second]);
    },
  },
  {
    name: 'hedged-create-with-one-key',
    does: 'sends a second create under the same `Idempotency-Key`, on a service that ignores it',
    in: [],
    scenario: { ...calm, faults: [on.creates('slow', [{ delay: { ms: 600 } }])] },
    required: duplicate,
    program: async (client) => {
      await client.connection();
      const first = client.create({ key: 'video-1' });
      await sleep(200);
      const second = client.create({ key: 'video-1' });
      await followAll(client, await Promise.all([first, second]));
    },
  },
  {
    name: 'hedged-create-with-honoured-key',
    does: 'sends a second create under the same `Idempotency-Key`, which the service refuses to carry out',
    in: ['go'],
    scenario: {
      ...calm,
      faults: [
        on.creates('slow', [{ delay: { ms: 600 } }]),
        on.creates('the key is known', [{ status: { code: 409 } }], { nth: 2 }),
      ],
    },
    required: fine,
    program: async (client) => {
      await client.connection();
      const first = client.create({ key: 'video-1' });
      await sleep(200);
      await client.send('POST', TASKS, { body: bodyOf({}), headers: { 'idempotency-key': 'video-1' } });
      await client.follow(await first);
    },
  },
  {
    name: 'one-key-and-another-body',
    does: 'repeats a lost create under the same `Idempotency-Key` with another prompt',
    in: ['python'],
    scenario: lost,
    required: duplicate,
    program: async (client) =>
      client.follow(
        await retry(fixed(300), (n) => client.create({ key: 'video-1', prompt: `A lighthouse, take ${n}.` })),
      ),
  },
  {
    name: 'fresh-key-for-each-attempt',
    does: 'repeats a lost create under a fresh `Idempotency-Key`',
    in: ['go'],
    scenario: lost,
    required: {
      [DUPLICATES]: 'inconclusive: the keys say two videos, and the first task was never followed',
    },
    program: async (client) => client.follow(await retry(fixed(300), (n) => client.create({ key: `attempt-${n}` }))),
  },
  {
    name: 'different-keys-all-followed',
    does: 'makes two videos of one prompt under different keys, and follows both',
    in: [],
    scenario: calm,
    required: fine,
    program: async (client) => {
      await client.connection();
      await followAll(client, await Promise.all([1, 2].map((n) => client.create({ key: `video-${n}` }))));
    },
  },
  {
    name: 'new-request-id-for-each-attempt',
    does: 'repeats a lost create with a new `X-Client-Request-Id`, as the Python and Go SDKs do',
    in: ['python', 'go'],
    scenario: lost,
    required: duplicate,
    program: async (client) =>
      client.follow(await retry(fixed(300), (n) => client.create({ requestId: `request-${n}` }))),
  },
  {
    name: 'one-request-id-and-another-body',
    does: 'repeats a lost create with the same `X-Client-Request-Id` and another prompt',
    in: [],
    scenario: lost,
    required: duplicate,
    program: async (client) =>
      client.follow(
        await retry(fixed(300), (n) => client.create({ requestId: 'one', prompt: `A lighthouse, take ${n}.` })),
      ),
  },
  {
    name: 'user-id-as-mark',
    does: 'sends the id of its user as `safety_identifier` of every create, and makes two videos of one prompt',
    in: ['python'],
    scenario: calm,
    required: fine,
    program: async (client) => {
      await client.follow(await client.create({ mark: 'user-7' }));
      await client.follow(await client.create({ mark: 'user-7' }));
    },
  },
  {
    name: 'lost-create-abandoned',
    does: 'loses a create, gives it up, and makes another video',
    in: [],
    scenario: lost,
    required: { [DUPLICATES]: 'pass', [SETTLED]: 'fail', 'creates-accounted': 'fail: not followed' },
    program: async (client) => {
      await client.create({ prompt: 'A lighthouse.' }).catch(ignore);
      await client.follow(await client.create({ prompt: 'A harbour.' }));
    },
  },
  {
    name: 'refused-create-repeated',
    does: 'repeats a create that was cut before it was carried out',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [refusedCreate] },
    required: fine,
    program: async (client) => client.follow(await retry(backoff, () => client.create())),
  },
  {
    name: 'overloaded-create-repeated',
    does: 'repeats a create that was answered with 503',
    in: ['python', 'go'],
    scenario: { ...calm, faults: [createStatus(503, 2)] },
    required: { ...fine, 'recovers-within': 'pass' },
    program: async (client) => client.follow(await retry(backoff, () => client.create())),
  },
  {
    name: 'overloaded-create-with-new-seed',
    does: 'repeats a create that was answered with 503 with a new `seed`',
    in: [],
    scenario: { ...calm, faults: [createStatus(503, 2)] },
    required: { ...fine, ...changed },
    program: async (client) => client.follow(await retry(backoff, (n) => client.create({ seed: n }))),
  },
  {
    name: 'overloaded-create-with-new-mark',
    does: 'repeats a create that was answered with 503 with a new `safety_identifier`',
    in: [],
    scenario: { ...calm, faults: [createStatus(503, 2)] },
    required: { ...fine, ...changed },
    program: async (client) => client.follow(await retry(backoff, (n) => client.create({ mark: `attempt-${n}` }))),
  },
  {
    name: 'overloaded-create-given-up',
    does: 'gives up a create that was answered with 503, and makes another video',
    in: [],
    scenario: { ...calm, faults: [createStatus(503, 1)] },
    required: { ...fine, 'recovers-within': 'fail: gave up', 'creates-accounted': 'fail: lost' },
    program: async (client) => {
      await client.create({ prompt: 'A lighthouse.' }).catch(ignore);
      await client.follow(await client.create({ prompt: 'A harbour.' }));
    },
  },
  {
    name: 'overloaded-variant-given-up',
    does: 'makes two variants of one prompt at the same time, and gives up the one that was answered with 503',
    in: [],
    scenario: { ...calm, faults: [createStatus(503, 1), slowCreates] },
    required: { ...fine, 'recovers-within': 'fail: gave up', 'creates-accounted': 'fail: lost' },
    program: async (client) => {
      await client.connection();
      const [, second] = await Promise.all([1, 2].map((seed) => client.create({ seed }).catch(ignore)));
      if (second !== undefined) await client.follow(second);
    },
  },
  {
    name: 'redirected-create-followed-by-get',
    does: 'follows a create that is answered with 301 by GET, and continues as if it had been made',
    in: ['python', 'go'],
    scenario: {
      ...calm,
      faults: [on.creates('moved', [{ redirect: { code: 301, location: TASKS } }])],
    },
    required: { 'creates-accounted': 'fail: lost' },
    program: async (client) => {
      const moved = await client.send('POST', TASKS, { body: bodyOf({}) });
      await client.send('GET', String(moved.headers.location ?? TASKS));
    },
  },
  {
    name: 'created-and-accounted',
    does: 'makes two videos, and each create is answered with its task',
    in: [],
    scenario: calm,
    required: { 'creates-accounted': 'pass' },
    program: async (client) => {
      for (const prompt of ['A lighthouse.', 'A harbour.']) await client.follow(await client.create({ prompt }));
    },
  },
  {
    name: 'replica-takes-the-task-of-another',
    does: 'is two replicas; the second one polls the task of the first and treats it as its own',
    in: [],
    scenario: calm,
    processes: 2,
    required: { 'own-tasks-only': "fail: another's task" },
    program: async (client) => {
      if (client.process === 1) return client.follow(await client.create());
      while ((await client.list()).length === 0) await sleep(50);
      return client.follow(await adopt(client, []));
    },
  },
  {
    name: 'replicas-keep-to-themselves',
    does: 'is two replicas that follow their own tasks',
    in: [],
    scenario: calm,
    processes: 2,
    required: { 'own-tasks-only': 'pass' },
    program: async (client) => client.follow(await client.create()),
  },
  {
    name: 'web-and-worker',
    does: 'creates in a web process and follows in a worker, two libraries with one API key',
    in: [],
    scenario: calm,
    required: fine,
    not: ['copies'],
    program: async (client) => {
      const id = await client.other({ agent: 'web/1' }).create();
      await client.other({ agent: 'worker/1' }).follow(id);
    },
  },
]);
