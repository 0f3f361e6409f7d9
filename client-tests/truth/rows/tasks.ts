import { createServer } from 'node:http';
import { calm, cutPolls, status, TASKS, truncatedPoll } from '../faults.ts';
import { backoff, type Client, fixed, ignore, never, read, retry, sleep } from '../node/client.ts';
import { rowsOf } from '../row.ts';

const SETTLED = 'tasks-settled';
const POLLS = 'poll-interval';
const FINAL = 'final-answers-respected';
const NOTICED = 'failures-noticed';
const NO_EXIT_CODE = 'it noticed or did not, and without `run` no exit code says which';
const often = { [POLLS]: { atLeast: '200ms' } };

/** Receives callbacks, and answers each with what `answer` says. */
async function receive(
  answer: (key: string) => { readonly status: number; readonly headers?: Record<string, string> },
) {
  const news: string[] = [];
  const server = createServer((request, response) => {
    const { 'biz-id': id, 'op-type': type, version } = request.headers;
    request.resume().on('end', () => {
      const { status: code, headers } = answer(`${id}:${type}:${version}`);
      response.writeHead(code, headers).end();
      news.push(String(type));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  const heard = async (type: string, times = 1) => {
    while (news.filter((one) => one === type).length < times) await sleep(20);
  };
  return { url: `http://127.0.0.1:${port}/`, heard };
}

/** At 20 lane seconds in a real one. */
const HURRIED = 'inconclusive: a receiver has 250 ms of its own time to answer a callback';

const twice = { name: 'told twice', on: 'callback', match: { status: 'succeeded' }, inject: ['duplicate'] } as const;

/** Who follows a task to its end, polls, and takes callbacks (sections 4, 5 and 6). */
export const tasks = rowsOf([
  {
    name: 'followed-to-the-end',
    does: 'creates a task and polls it until it has succeeded',
    in: ['python', 'go'],
    scenario: calm,
    required: { [SETTLED]: 'pass', [FINAL]: 'pass', 'no-duplicate-creates': 'pass', [POLLS]: 'pass' },
    params: often,
    program: async (client) => client.follow(await client.create()),
  },
  {
    name: 'left-running',
    does: 'creates a task, polls it once, and goes',
    in: ['python', 'go'],
    scenario: calm,
    required: { [SETTLED]: 'fail' },
    program: async (client) => client.poll(await client.create()),
  },
  {
    name: 'never-asked-for',
    does: 'creates a task and never asks for it',
    in: [],
    scenario: calm,
    required: { [SETTLED]: 'fail' },
    program: (client) => client.create(),
  },
  {
    name: 'cancelled-while-queued',
    does: 'cancels its task by DELETE while it is queued',
    in: ['python', 'go'],
    scenario: { ...calm, tasks: { queued: '1500ms', running: '600ms' } },
    required: { [SETTLED]: 'pass' },
    program: async (client) => client.remove(await client.create()),
  },
  {
    name: 'deleted-when-over',
    does: 'follows its task and deletes it when it is over',
    in: [],
    scenario: calm,
    required: { [SETTLED]: 'pass' },
    program: async (client) => {
      const id = await client.create();
      await client.follow(id);
      await client.remove(id);
    },
  },
  {
    name: 'followed-by-list',
    does: 'follows its task by List with `filter.task_ids`, until a final state is shown',
    in: ['python'],
    scenario: calm,
    required: { [SETTLED]: 'pass' },
    program: async (client) => {
      const id = await client.create();
      while ((await client.list(`?filter.task_ids=${id}`))[0]?.status !== 'succeeded') await sleep(250);
    },
  },
  {
    name: 'last-poll-altered',
    does: 'takes a final answer that was truncated on the way for the end, and goes',
    in: ['go'],
    scenario: {
      ...calm,
      tasks: { queued: '0ms', running: '0ms' },
      faults: [truncatedPoll],
    },
    required: { [SETTLED]: 'fail' },
    program: async (client) => {
      const id = await client.create();
      await sleep(300);
      await client.poll(id).catch(ignore);
    },
  },
  {
    name: 'altered-poll-repeated',
    does: 'polls again after an answer that was truncated on the way',
    in: ['python', 'go'],
    scenario: {
      ...calm,
      faults: [truncatedPoll],
    },
    required: { [SETTLED]: 'pass', 'recovers-within': 'pass' },
    program: async (client) => client.follow(await client.create()),
  },
  {
    name: 'altered-poll-given-up',
    does: 'gives up after a poll that was truncated on the way',
    in: ['python'],
    scenario: {
      ...calm,
      faults: [truncatedPoll],
    },
    required: { [SETTLED]: 'fail', 'recovers-within': 'fail: gave up' },
    program: async (client) => client.poll(await client.create()).catch(ignore),
  },
  {
    name: 'polled-after-the-end',
    does: 'keeps polling a task that has succeeded',
    in: ['python'],
    scenario: calm,
    required: { [SETTLED]: 'pass', [FINAL]: 'fail: polled after the end' },
    program: async (client) => {
      const id = await client.create();
      await client.follow(id);
      for (let more = 0; more < 5; more++) {
        await sleep(300);
        await client.poll(id);
      }
    },
  },
  {
    name: 'asked-once-more-after-the-end',
    does: 'asks once more for a task that has succeeded, to renew its `video_url`',
    in: [],
    scenario: calm,
    required: { [SETTLED]: 'pass', [FINAL]: 'pass' },
    program: async (client) => {
      const id = await client.create();
      await client.follow(id);
      await client.videoOf(id);
    },
  },
  {
    name: 'delete-after-409-and-a-poll',
    does: 'polls after a 409 to DELETE until the task is over, and deletes it then',
    in: [],
    scenario: calm,
    required: { [SETTLED]: 'pass', [FINAL]: 'pass' },
    program: async (client) => {
      const id = await client.create();
      while ((await client.poll(id)) === 'queued') await sleep(50);
      if ((await client.remove(id)).status === 200) return;
      await client.follow(id);
      await client.remove(id);
    },
  },
  {
    name: 'polled-after-it-expired',
    does: 'keeps polling a task that has expired',
    in: [],
    scenario: { ...calm, faults: [{ name: 'expires', on: 'task', inject: [{ expire: { after: '300ms' } }] }] },
    required: { [SETTLED]: 'pass', [FINAL]: 'fail: polled after the end' },
    program: async (client) => {
      const id = await client.create();
      await client.follow(id);
      for (let more = 0; more < 5; more++) {
        await sleep(300);
        await client.poll(id);
      }
    },
  },
  {
    name: 'delete-repeated-on-409',
    does: 'repeats DELETE on 409 until it is answered with 200, which deletes the finished video',
    in: ['python'],
    scenario: calm,
    required: { [SETTLED]: ['pass', 'fail'], [FINAL]: 'fail: DELETE repeated' },
    // An advance by a second takes the task from queued to its end: there is no 409.
    not: ['manual'],
    program: async (client) => {
      const id = await client.create();
      while ((await client.poll(id)) === 'queued') await sleep(50);
      while ((await client.remove(id)).status === 409) await sleep(250);
    },
  },
  {
    name: 'bad-create-repeated',
    does: 'repeats a create that is answered with 400 for good',
    in: ['python'],
    scenario: calm,
    required: { 'recovers-within': 'inconclusive: no call failed', [FINAL]: 'fail: repeated in vain' },
    program: async (client) => {
      for (let n = 0; n < 6; n++) {
        await client.send('POST', TASKS, { body: { model: 'doubao-seedance-2-0-260128', content: [] } });
        await sleep(200);
      }
    },
  },
  {
    name: 'bad-create-with-new-seeds',
    does: 'sends a create that is answered with 400 for good again with a new `seed` each time',
    in: [],
    scenario: calm,
    required: { [FINAL]: 'inconclusive: the same in vain, or variants of one prompt that are all refused' },
    program: async (client) => {
      for (let seed = 0; seed < 6; seed++) {
        await client.send('POST', TASKS, { body: { model: 'doubao-seedance-2-0-260128', content: [], seed } });
        await sleep(200);
      }
    },
  },
  {
    name: 'bad-create-given-up',
    does: 'gives up a create that is answered with 400',
    in: [],
    scenario: calm,
    required: {
      'recovers-within': 'inconclusive: no call failed',
      'no-duplicate-creates': 'inconclusive: no task was created',
      [FINAL]: 'pass',
    },
    program: (client) => client.send('POST', TASKS, { body: { model: 'doubao-seedance-2-0-260128', content: [] } }),
  },
  {
    name: 'failed-task-seen',
    does: 'sees that its task has failed, and stops',
    in: ['go'],
    scenario: { ...calm, faults: [{ name: 'fails', on: 'task', inject: ['fail'] }] },
    required: { [SETTLED]: 'pass' },
    program: async (client) => client.follow(await client.create()),
  },
  {
    name: 'polled-too-often',
    does: 'polls every 20 ms',
    in: ['python', 'go'],
    scenario: calm,
    required: { [POLLS]: 'fail: too often', [SETTLED]: 'pass' },
    params: often,
    program: async (client) => client.follow(await client.create(), { everyMs: 20 }),
  },
  {
    name: 'polled-too-seldom',
    does: 'polls every 1.5 s where 1 s is allowed',
    in: [],
    scenario: { ...calm, tasks: { queued: '100ms', running: '1900ms' } },
    required: { [POLLS]: 'fail: too seldom' },
    params: { [POLLS]: { atLeast: '200ms', atMost: '1s' } },
    program: async (client) => client.follow(await client.create(), { everyMs: 1_500 }),
  },
  {
    name: 'four-tasks-polled-in-parallel',
    does: 'polls four tasks at the same time, each at a good interval',
    in: ['python', 'go'],
    scenario: calm,
    required: { [POLLS]: 'pass', [SETTLED]: 'pass' },
    params: often,
    program: async (client) => {
      await client.connection();
      const ids = await Promise.all([1, 2, 3, 4].map((n) => client.create({ prompt: `Lighthouse ${n}.` })));
      await Promise.all(ids.map((id) => client.follow(id)));
    },
  },
  {
    name: 'failed-polls-repeated-soon',
    does: 'repeats a poll that was cut after 100 ms, and polls at a good interval otherwise',
    in: [],
    scenario: { ...calm, tasks: { queued: '100ms', running: '1500ms' }, faults: [cutPolls(2)] },
    required: { [POLLS]: 'pass', backoff: 'pass' },
    params: often,
    program: async (client) => client.follow(await client.create(), { waits: backoff }),
  },
  {
    name: 'stuck-task-polled-for-good',
    does: 'polls a task that never ends, without a deadline of its own',
    in: [],
    scenario: { ...calm, faults: [{ name: 'stuck', on: 'task', inject: [{ stick: { in: 'running' } }] }] },
    required: {
      'gives-up-within': ['fail', 'inconclusive: every call succeeded, and a task has no deadline here'],
      [SETTLED]: 'fail',
    },
    params: { 'gives-up-within': { within: '1s' } },
    tasksStayOpen: true,
    program: async (client) => {
      const id = await client.create();
      for (let n = 0; n < 10; n++) {
        await client.poll(id);
        await sleep(300);
      }
    },
  },
  {
    name: 'stuck-task-given-up',
    does: 'gives up a task that never starts after a deadline, and cancels it',
    in: [],
    scenario: { ...calm, faults: [{ name: 'stuck', on: 'task', inject: [{ stick: { in: 'queued' } }] }] },
    required: {
      'gives-up-within': ['pass', 'inconclusive: every call succeeded, and a task has no deadline here'],
      [SETTLED]: 'pass',
    },
    params: { 'gives-up-within': { within: '3s' } },
    program: async (client) => {
      const id = await client.create();
      for (let n = 0; n < 3; n++) {
        await client.poll(id);
        await sleep(300);
      }
      await client.remove(id);
    },
  },
  {
    name: 'half-of-the-tasks-fail',
    does: 'makes four videos, of which half fail: each call of it is answered',
    in: [],
    scenario: { ...calm, faults: [{ name: 'fails', on: 'task', when: { every: 2 }, inject: ['fail'] }] },
    required: { 'success-rate': 'pass', [SETTLED]: 'pass' },
    params: { 'success-rate': { atLeast: 0.9 } },
    program: async (client) => {
      for (let n = 1; n <= 4; n++) await client.follow(await client.create({ prompt: `Lighthouse ${n}.` }));
    },
  },
  {
    name: 'half-of-the-calls-given-up',
    does: 'gives up each call that is answered with 503, which is every second one',
    in: [],
    scenario: {
      ...calm,
      faults: [{ name: 'down', on: 'request', when: { every: 2 }, inject: [{ status: { code: 503 } }] }],
    },
    required: { 'success-rate': 'fail: too many failed' },
    program: async (client) => {
      for (let n = 0; n < 8; n++) await client.list().catch(ignore);
    },
  },
  {
    name: 'half-of-the-calls-repeated',
    does: 'repeats each call that is answered with 503, which is every second one',
    in: [],
    scenario: {
      ...calm,
      faults: [{ name: 'down', on: 'request', when: { every: 2 }, inject: [{ status: { code: 503 } }] }],
    },
    required: { 'success-rate': 'pass' },
    program: async (client) => {
      for (let n = 0; n < 8; n++) await retry(backoff, () => client.list());
    },
  },
  {
    name: 'outage-without-deadline',
    does: 'repeats a poll that is answered with 503 for 4 s, where 1 s is allowed',
    in: [],
    scenario: { ...calm, faults: [status(503, 50)] },
    required: { 'gives-up-within': 'fail: no deadline' },
    params: { 'gives-up-within': { within: '1s' } },
    program: async (client) => client.follow(await client.create(), { waits: fixed(200) }).catch(ignore),
  },
  {
    name: 'outage-given-up-in-time',
    does: 'gives up a poll that is answered with 503 after three attempts',
    in: [],
    scenario: { ...calm, faults: [status(503, 50)] },
    required: { 'gives-up-within': 'pass' },
    params: { 'gives-up-within': { within: '10s' } },
    program: async (client) => client.follow(await client.create(), { waits: fixed(200, 3) }).catch(ignore),
  },
  {
    name: 'all-tasks-succeed',
    does: 'makes two videos, and both succeed',
    in: [],
    scenario: calm,
    required: { 'success-rate': 'pass' },
    params: { 'success-rate': { atLeast: 0.9 } },
    program: async (client) => {
      for (let n = 1; n <= 2; n++) await client.follow(await client.create({ prompt: `Lighthouse ${n}.` }));
    },
  },
  {
    name: 'failed-task-treated-as-done',
    does: 'stops when its task is over, and does not look whether it has failed',
    in: [],
    scenario: { ...calm, faults: [{ name: 'fails', on: 'task', inject: ['fail'] }] },
    required: { [NOTICED]: `inconclusive: ${NO_EXIT_CODE}`, [SETTLED]: 'pass' },
    program: async (client) => client.follow(await client.create()),
  },
  {
    name: 'failed-task-made-again',
    does: 'creates its task again when it has failed',
    in: [],
    scenario: { ...calm, faults: [{ name: 'fails', on: 'task', when: { first: 1 }, inject: ['fail'] }] },
    required: { [NOTICED]: 'pass', [SETTLED]: 'pass', 'no-duplicate-creates': 'pass' },
    not: ['copies', 'parallel'],
    program: async (client) => {
      while ((await client.follow(await client.create())) === 'failed');
    },
  },
  {
    name: 'failed-task-among-planned-ones',
    does: 'makes three videos of one prompt, one after the other, and does not look whether one has failed',
    in: [],
    scenario: { ...calm, faults: [{ name: 'fails', on: 'task', when: { first: 1 }, inject: ['fail'] }] },
    required: { [NOTICED]: 'inconclusive: the create after the failed one stands for it, or was planned' },
    not: ['copies', 'parallel'],
    program: async (client) => {
      for (let video = 1; video <= 3; video++) await client.follow(await client.create());
    },
  },
  {
    name: 'callback-acknowledged',
    does: 'takes callbacks, acknowledges each, and does not poll',
    in: ['python'],
    scenario: calm,
    required: { [SETTLED]: 'pass', 'callbacks-acknowledged': 'pass' },
    modes: { speed: { 'callbacks-acknowledged': ['pass', HURRIED] } },
    not: ['parallel'],
    program: async (client) => {
      const receiver = await receive(() => ({ status: 200 }));
      await client.create({ callbackUrl: receiver.url });
      await receiver.heard('task.succeeded');
      await sleep(50);
    },
  },
  {
    name: 'callback-refused',
    does: 'answers every callback with 500, and polls',
    in: [],
    scenario: calm,
    required: { [SETTLED]: 'pass', 'callbacks-acknowledged': 'fail: not acknowledged' },
    not: ['parallel'],
    program: async (client) => {
      const receiver = await receive(() => ({ status: 500 }));
      await client.follow(await client.create({ callbackUrl: receiver.url }));
    },
  },
  {
    name: 'callback-counted-twice',
    does: 'takes a callback that comes twice for two',
    in: ['python'],
    scenario: { ...calm, faults: [twice] },
    required: { 'callbacks-deduplicated': 'fail: counted twice', 'callbacks-acknowledged': 'pass' },
    modes: {
      speed: {
        'callbacks-deduplicated': ['fail: counted twice', HURRIED],
        'callbacks-acknowledged': ['pass', HURRIED],
      },
    },
    not: ['parallel'],
    program: async (client) => {
      const receiver = await receive(() => ({ status: 200 }));
      await client.create({ callbackUrl: receiver.url });
      await receiver.heard('task.succeeded', 2);
      await sleep(50);
    },
  },
  {
    name: 'callback-known',
    does: 'knows a callback that comes twice by its key',
    in: ['python'],
    scenario: { ...calm, faults: [twice] },
    required: { 'callbacks-deduplicated': 'pass' },
    modes: { speed: { 'callbacks-deduplicated': ['pass', HURRIED] } },
    not: ['parallel'],
    program: async (client) => {
      const known = new Set<string>();
      const receiver = await receive((key) => {
        const replayed = known.has(key);
        known.add(key);
        return { status: 200, ...(replayed && { headers: { 'idempotent-replayed': 'true' } }) };
      });
      await client.create({ callbackUrl: receiver.url });
      await receiver.heard('task.succeeded', 2);
      await sleep(50);
    },
  },
  {
    name: 'vanished-task-followed',
    does: 'keeps asking for a task that is answered with 404 for a while',
    in: ['go'],
    scenario: { ...calm, faults: [{ name: 'lags', on: 'task', inject: [{ vanish: { for: '400ms' } }] }] },
    required: { [SETTLED]: 'pass', 'no-duplicate-creates': 'pass' },
    modes: { speed: { [SETTLED]: 'pass' } },
    program: (client) => followVanished(client),
  },
  {
    name: 'vanished-task-created-again',
    does: 'creates again when its task is answered with 404',
    in: [],
    scenario: {
      ...calm,
      faults: [{ name: 'lags', on: 'task', when: { first: 1 }, inject: [{ vanish: { for: '9s' } }] }],
    },
    required: { 'no-duplicate-creates': 'fail: duplicate' },
    not: ['speed', 'manual'],
    program: async (client) => {
      const found = await client.send('GET', `${TASKS}/${await client.create()}`);
      await client.follow(found.status === 404 ? await client.create() : read<{ id: string }>(found).id);
    },
  },
  {
    name: 'poll-cut-and-given-up',
    does: 'gives up its task after a poll was cut',
    in: ['go'],
    scenario: { ...calm, faults: [cutPolls(1)] },
    required: { [SETTLED]: 'fail', 'recovers-within': 'fail: gave up' },
    program: async (client) => client.follow(await client.create(), { waits: never }).catch(ignore),
  },
  {
    name: 'poll-cut-and-repeated-later',
    does: 'repeats a poll that was cut after 300 ms',
    in: [],
    scenario: { ...calm, faults: [cutPolls(1)] },
    required: { [SETTLED]: 'pass', 'recovers-within': 'pass' },
    program: async (client) => client.follow(await client.create(), { waits: fixed(300) }),
  },
]);

async function followVanished(client: Client): Promise<void> {
  const id = await client.create();
  while ((await client.send('GET', `${TASKS}/${id}`)).status === 404) await sleep(200);
  await client.follow(id);
}
