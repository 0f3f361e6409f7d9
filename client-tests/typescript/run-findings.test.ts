import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { callMock, openFolder } from './support/command-line.ts';

const node = process.execPath;

/** A client over the address in the environment; then it does as `then` says. */
const client = (then: string) => `
  const http2 = require('http2'), { env } = process;
  const tasks = '/api/v3/contents/generations/tasks', authorization = 'Bearer ' + env.ARK_API_KEY;
  const call = (origin, fields, body) => new Promise((resolve) => {
    const session = http2.connect(origin);
    session.on('error', () => {});
    const stream = session.request({ authorization, ...fields });
    let text = '', status;
    stream.on('response', (head) => { status = head[':status']; });
    stream.setEncoding('latin1').on('data', (part) => { text += part; });
    stream.on('error', () => {}).on('close', () => { session.close(); resolve({ status, text, rst: stream.rstCode }); });
    stream.end(body);
  });
  const api = new URL(env.ARK_BASE_URL).origin;
  const create = async () => JSON.parse((await call(api, { ':method': 'POST', ':path': tasks },
    JSON.stringify({ model: 'doubao-seedance-2-0-260128', content: [{ type: 'text', text: 'A lighthouse.' }] }))).text).id;
  const follow = async (id) => {
    for (;;) {
      const task = JSON.parse((await call(api, { ':path': tasks + '/' + id })).text);
      if (['succeeded', 'failed'].includes(task.status)) return task;
    }
  };
  const download = async (task, method = 'GET') => {
    const { origin, pathname, search } = new URL(task.content.video_url);
    return call(origin, { ':method': method, ':path': pathname + search });
  };
  (async () => { ${then} })();`;

const tasks = { queued: '0ms', running: '0ms' };
const failing = JSON.stringify({
  name: 'failing',
  tasks,
  faults: [{ name: 'fails', on: 'task', when: { first: 1 }, inject: ['fail'] }],
  expect: ['failures-noticed'],
});
const cutting = JSON.stringify({
  name: 'cutting',
  tasks,
  faults: [{ name: 'cut', on: 'video', when: { first: 1 }, inject: [{ truncated: { share: 0.5 } }] }],
  expect: ['downloads-complete'],
});
const calm = JSON.stringify({ name: 'calm', tasks, expect: ['downloads-complete'] });

const fails = 'const task = await follow(await create());';
const video = 'const task = await follow(await create());';

describe.each([
  ['takes a failed task for done', failing, fails, 'fail', 'taken for done'],
  ['ends with 1 after a failed task', failing, `${fails} if (task.status === 'failed') process.exitCode = 1;`, 'pass'],
  ['creates a failed task again', failing, `${fails} await follow(await create());`, 'pass'],
  ['keeps half a video', cutting, `${video} await download(task);`, 'fail', 'incomplete'],
  ['ends with 1 after half a video', cutting, `${video} await download(task); process.exitCode = 1;`, 'inconclusive'],
  ['downloads half a video again', cutting, `${video} await download(task); await download(task);`, 'pass'],
  ['asks by HEAD alone', calm, `${video} await download(task, 'HEAD');`, 'fail', 'HEAD'],
  ['asks by HEAD and then by GET', calm, `${video} await download(task, 'HEAD'); await download(task);`, 'pass'],
] as const)('a client that %s', (_what, scenario, does, outcome, finding = undefined) => {
  test(`gets ${finding ?? outcome}, and the same from the recording, byte for byte`, async () => {
    await using folder = await openFolder();
    const [file, dir, report] = [folder.at('scenario.yaml'), folder.at('recording'), folder.at('report.json')];
    await writeFile(file, scenario);
    const options = ['--record', dir, '--report', `json:${report}`, '--log', 'silent'];
    await callMock('run', file, ...options, '--', node, '-e', client(does));

    const json = await readFile(report, 'utf8');
    const [check] = JSON.parse(json).checks;
    expect([check.outcome, check.clients.map((one: { finding?: string }) => one.finding)]).toEqual([
      outcome,
      check.clients.map((_: unknown, index: number) => (index === 0 ? finding : undefined)),
    ]);
    const again = await callMock('report', '--record', dir, '--format', 'json');
    expect(again.stdout).toBe(json);
  });
});
