import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { readAnswer } from './support/read-answer.ts';
import { TASKS, textOnly } from './support/tasks.ts';

interface Operation {
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly schema: object;
  }[];
  readonly responses: Readonly<
    Record<
      string,
      { readonly headers?: object; readonly content?: Readonly<Record<string, { readonly schema: object }>> }
    >
  >;
}
interface Described {
  readonly type?: string;
  readonly description?: string;
}
interface Document {
  readonly [field: string]: unknown;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly properties?: Readonly<Record<string, Described>> }>>;
  };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const documents = ['/openapi.json', '/openapi-admin.json'] as const;

async function fetchDocument(server: MockServer, path: (typeof documents)[number]): Promise<Document> {
  const answer = await fetch(`${server.adminUrl}${path}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Document;
}

/** Whether a body is what the document says that this operation answers with this status; gives what is wrong. */
async function judgeBodies(server: MockServer, path: (typeof documents)[number]) {
  const document = await fetchDocument(server, path);
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema(document, 'api');
  return (method: string, at: string, status: number, body: unknown) => {
    const operation = document.paths[at]?.[method];
    const [type] = Object.keys(operation?.responses[status]?.content ?? {});
    if (type === undefined) return [`${method} ${at} has no ${status} in the document`];
    const pointer = ['paths', at, method, 'responses', `${status}`, 'content', type, 'schema']
      .map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = ajv.compile({ $ref: `api#/${pointer}` });
    return validate(body)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

test.each(documents)('%s is valid OpenAPI 3.1', async (path) => {
  await using server = await startMockServer();
  const { valid, errors } = await new Validator().validate({ ...(await fetchDocument(server, path)) });
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
});

test('every route of the admin API stands in its document, and says what it does', async () => {
  await using server = await startMockServer();
  const { paths } = await fetchDocument(server, '/openapi-admin.json');
  const told = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { summary }]) => [`${method.toUpperCase()} ${path}`, summary] as const),
  );
  for (const [route, summary] of told) expect(summary, route).toMatch(/^[A-Z].*\.$/);
  const root = (await (await fetch(server.adminUrl)).json()) as { routes: readonly string[] };
  expect(told.map(([route]) => route).toSorted()).toEqual(root.routes.toSorted());
});

test('the document of the mocked API has the calls of the service, with its limits and words', async () => {
  await using server = await startMockServer();
  const { paths } = await fetchDocument(server, '/openapi.json');
  expect(Object.entries(paths).map(([path, operations]) => [path, Object.keys(operations)])).toEqual([
    [TASKS, ['post', 'get']],
    [`${TASKS}/{id}`, ['get', 'delete']],
    ['/{model}/{file}', ['get']],
    ['/api/v3/heartbeat', ['post']],
  ]);
});

test.each(['CreateRequest', 'Task', 'TaskList'])('every field of %s is described', async (name) => {
  await using server = await startMockServer();
  const { components } = await fetchDocument(server, '/openapi.json');
  const described = Object.entries(components.schemas[name]?.properties ?? {});
  expect(described.length).toBeGreaterThan(1);
  expect(described.filter(([, { description }]) => !description).map(([field]) => field)).toEqual([]);
});

test('every parameter of List is described', async () => {
  await using server = await startMockServer();
  const { paths } = await fetchDocument(server, '/openapi.json');
  const parameters = paths[TASKS]?.get?.parameters ?? [];
  expect(parameters.filter((parameter) => parameter.in === 'query')).toHaveLength(6);
  expect(parameters.filter(({ description }) => !description).map(({ name }) => name)).toEqual([]);
});

test('whole numbers are integers in the document', async () => {
  await using server = await startMockServer();
  const { components } = await fetchDocument(server, '/openapi.json');
  const { properties } = components.schemas.CreateRequest ?? {};
  for (const field of ['duration', 'frames', 'seed', 'execution_expires_after', 'priority'])
    expect(properties?.[field], field).toMatchObject({ type: 'integer' });
});

describe('what the mocked API answers is what its document says', () => {
  test('a task in each state, and lists of them', async () => {
    await using server = await startMockServer({
      clock: 'manual',
      scenario: {
        faults: [
          {
            on: 'task',
            match: { prompt: 'fail' },
            inject: [{ fail: { code: 'OutputVideoSensitiveContentDetected' } }],
          },
        ],
      },
    });
    await using client = await openClient(server);
    const judge = await judgeBodies(server, '/openapi.json');
    const create = async (words: string, more: object = {}) => {
      const answer = await client.post(TASKS, { ...textOnly, content: [{ type: 'text', text: words }], ...more });
      expect(judge('post', TASKS, 200, JSON.parse(answer.text))).toEqual([]);
      return JSON.parse(answer.text).id as string;
    };
    const full = { return_last_frame: true, safety_identifier: 'a', tools: [{ type: 'web_search' }], priority: 3 };
    const ids = [await create('succeed', full), await create('fail'), await create('cancel')];
    const expired = await create('expire', { execution_expires_after: 3 });
    await client.delete(`${TASKS}/${ids[2]}`);
    const seen = new Set<string>();
    for (let second = 0; second <= 5; second++) {
      for (const id of [...ids, expired]) {
        const body = JSON.parse((await client.get(`${TASKS}/${id}`)).text);
        seen.add(body.status);
        expect(judge('get', `${TASKS}/{id}`, 200, body)).toEqual([]);
      }
      await server.clock.advance(1_000);
    }
    expect([...seen].toSorted()).toEqual(['cancelled', 'expired', 'failed', 'queued', 'running', 'succeeded']);
    const list = JSON.parse((await client.get(TASKS)).text);
    expect(list.total).toBe(4);
    expect(judge('get', TASKS, 200, list)).toEqual([]);
    expect(judge('delete', `${TASKS}/{id}`, 200, JSON.parse((await client.delete(`${TASKS}/${ids[0]}`)).text))).toEqual(
      [],
    );
  });

  test('an error of each status', async () => {
    await using server = await startMockServer();
    await using client = await openClient(server);
    const judge = await judgeBodies(server, '/openapi.json');
    for (const error of [
      'InvalidParameter',
      'AuthenticationError',
      'AccessDenied',
      'ModelNotOpen',
      'ServerOverloaded',
      'InternalServiceError',
    ]) {
      const fault = { name: error, on: 'request', inject: [{ status: { error } }] };
      await fetch(`${server.adminUrl}/faults`, { method: 'POST', body: JSON.stringify(fault) });
      const { status, text } = await readAnswer(client.post(TASKS, textOnly));
      expect(judge('post', TASKS, status ?? 0, JSON.parse(text))).toEqual([]);
      await fetch(`${server.adminUrl}/faults/${error}`, { method: 'DELETE' });
    }
  });

  test('a file, a part of it, and every way to be refused one', async () => {
    await using server = await startMockServer({ clock: 'manual', profile: 'permissive' });
    await using client = await openClient(server);
    const judge = await judgeBodies(server, '/openapi.json');
    const { paths } = await fetchDocument(server, '/openapi.json');
    const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
    await server.clock.advance(60_000);
    const { content } = JSON.parse((await client.get(`${TASKS}/${id}`)).text);
    const signed = content.video_url.slice(server.url.length) as string;
    const statuses: (number | undefined)[] = [];
    for (const [path, headers] of [
      [signed, {}],
      [signed, { range: 'bytes=0-9' }],
      [signed, { range: 'bytes=999999999-' }],
      [signed.replace(/Signature=\w+/, 'Signature=0'), {}],
      ['/a/b', {}],
    ] as const) {
      const { status, headers: answered, text } = await client.get(path, headers);
      statuses.push(status);
      const answer = paths['/{model}/{file}']?.get?.responses[status ?? 0];
      const [type] = String(answered['content-type'] ?? '').split(';');
      expect(Object.keys(answer?.content ?? { '': {} }), `${status}`).toContain(type);
      if (type === 'application/json')
        expect(judge('get', '/{model}/{file}', status ?? 0, JSON.parse(text))).toEqual([]);
    }
    expect(statuses).toEqual([200, 206, 416, 403, 404]);
  });

  test('the headers of every answer, and that of a 401', async () => {
    await using server = await startMockServer();
    await using client = await openClient(server);
    const { paths } = await fetchDocument(server, '/openapi.json');
    const { headers } = await client.get(TASKS, { 'x-client-request-id': 'mine' });
    const refused = await client.get(TASKS, { authorization: 'Basic x', 'x-client-request-id': 'mine' });
    expect(refused.status).toBe(401);
    const responses = paths[TASKS]?.get?.responses;
    expect(Object.keys(headers)).toEqual(
      expect.arrayContaining(Object.keys(responses?.[200]?.headers ?? { none: '' })),
    );
    const told = Object.keys(responses?.[401]?.headers ?? {});
    expect(told).toContain('x-error-code');
    expect(Object.keys(refused.headers)).toEqual(expect.arrayContaining(told));
  });

  test('an id of any length is one that is not there', async () => {
    await using server = await startMockServer();
    await using client = await openClient(server);
    const judge = await judgeBodies(server, '/openapi.json');
    for (const length of [100, 101, 20_000]) {
      const { status, text, headers } = await client.get(`${TASKS}/${'x'.repeat(length)}`);
      expect(headers['x-request-id']).toBeDefined();
      expect([status, judge('get', `${TASKS}/{id}`, 404, JSON.parse(text))]).toEqual([404, []]);
    }
  });

  test('a page within the bounds that it tells, and none beyond', async () => {
    await using server = await startMockServer();
    await using client = await openClient(server);
    const { paths } = await fetchDocument(server, '/openapi.json');
    const { parameters } = paths[TASKS]?.get ?? {};
    const schema = parameters?.find(({ name }) => name === 'page_num')?.schema;
    expect(schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 500, default: 1 });
    for (const [page, status] of [
      ['1', 200],
      ['500', 200],
      ...['0', '501', '', '1e2', '-1', '0x1'].map((page) => [page, 400]),
    ]) {
      const answer = await client.get(`${TASKS}?page_num=${page}`);
      expect([page, answer.status]).toEqual([page, status]);
    }
  });

  test('a heartbeat with a time or none; anything else is refused', async () => {
    await using server = await startMockServer();
    await using client = await openClient(server);
    const judge = await judgeBodies(server, '/openapi.json');
    const at = '/api/v3/heartbeat';
    for (const good of [{}, { timestamp: 1_795_334_592_000 }, { timestamp: '2026-11-22T16:03:12Z' }]) {
      const { status, text } = await client.post(at, good);
      expect([status, judge('post', at, 200, JSON.parse(text))]).toEqual([200, []]);
    }
    for (const bad of [[null], { timestamp: '' }, { timestamp: {} }]) {
      const { status, text } = await client.post(at, bad);
      expect([status, judge('post', at, 400, JSON.parse(text))]).toEqual([400, []]);
    }
    // None of the refused ones counts.
    expect(server.journal.events('heartbeat')).toHaveLength(3);
  });

  test('and a body that is another is found out', async () => {
    await using server = await startMockServer();
    const judge = await judgeBodies(server, '/openapi.json');
    expect(judge('post', TASKS, 200, { id: 5 })).toEqual(['/id must be string']);
    expect(judge('post', TASKS, 418, {})).toHaveLength(1);
  });
});

test('what the admin API answers is what its document says', async () => {
  await using server = await startMockServer({ clock: 'manual', scenario: 'poll-reset' });
  await using client = await openClient(server);
  const { id } = JSON.parse((await client.post(TASKS, textOnly)).text);
  const judge = await judgeBodies(server, '/openapi-admin.json');
  const [connection] = server.journal.events('connection.opened');
  const fault = { name: 'one', on: 'request', inject: [{ delay: { ms: 1 } }] };
  for (const [method, path, at, body] of [
    ...['/health/live', '/health/ready', '/scenario', '/scenarios', '/faults', '/events', '/events/schema', '/'].map(
      (at) => ['get', at, at] as const,
    ),
    ...['/connections', '/clients', '/tasks', '/dead-letters', '/clock'].map((at) => ['get', at, at] as const),
    ['get', `/connections/${connection?.connection}`, '/connections/{id}'],
    ['get', '/events/schema/1', '/events/schema/{version}'],
    ['post', `/tasks/${id}/transition`, '/tasks/{id}/transition', { to: 'running' }],
    ['post', '/clock/advance', '/clock/advance', { by: '1s' }],
    ['post', '/faults', '/faults', fault],
    ['post', '/faults', '/faults', fault],
    ['put', '/scenario', '/scenario', { nmae: 'x' }],
    ['put', '/scenario', '/scenario', { name: 'x' }],
    ['post', '/scenarios/healthy/activate', '/scenarios/{name}/activate'],
    ['post', '/clock', '/clock', { speed: 2 }],
    ['post', '/reset', '/reset'],
    ['get', '/connections/999', '/connections/{id}'],
    ['get', '/dead-letters/none', '/dead-letters/{id}'],
  ] as const) {
    const answer = await fetch(`${server.adminUrl}${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    const said = await answer.json();
    expect({ path, status: answer.status, wrong: judge(method, at, answer.status, said) }).toEqual({
      path,
      status: answer.status,
      wrong: [],
    });
  }
});

test('what the admin API refuses, it refuses as its document says', async () => {
  await using server = await startMockServer();
  const judge = await judgeBodies(server, '/openapi-admin.json');
  const long = 'x'.repeat(101);
  for (const [path, at, status] of [
    [`/connections/${long}`, '/connections/{id}', 404],
    ['/connections/%zz', '/connections/{id}', 404],
    ['/docs/nowhere', '/docs/{rest}', 404],
    ['/events?connection=', '/events', 400],
    ['/events?since=1e3', '/events', 400],
  ] as const) {
    const answer = await fetch(`${server.adminUrl}${path}`);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect({ path, status: answer.status, wrong: judge('get', at, status, await answer.json()) }).toEqual({
      path,
      status,
      wrong: [],
    });
  }
});

test('a fault with a long name can be disarmed again', async () => {
  await using server = await startMockServer();
  const name = 'x'.repeat(101);
  const fault = { name, on: 'request', inject: [{ delay: { ms: 1 } }] };
  expect((await fetch(`${server.adminUrl}/faults`, { method: 'POST', body: JSON.stringify(fault) })).status).toBe(201);
  expect((await fetch(`${server.adminUrl}/faults/${name}`, { method: 'DELETE' })).status).toBe(204);
});

test('with a token, just what its document calls open answers without one', async () => {
  await using server = await startMockServer({ adminToken: 'secret' });
  const headers = { authorization: 'Bearer secret' };
  const document = await fetch(`${server.adminUrl}/openapi-admin.json`, { headers });
  const { paths } = (await document.json()) as Document;
  const open: string[] = [];
  for (const [path, { get }] of Object.entries(paths)) {
    if (!get) continue;
    const { status } = await fetch(`${server.adminUrl}${path.replaceAll(/\{\w+\}/g, '1')}`);
    if (get.security) open.push(path);
    expect({ path, refused: status === 401 }).toEqual({ path, refused: !get.security });
    expect({ path, told: '401' in get.responses }).toEqual({ path, told: !get.security });
  }
  expect(open).toEqual(['/health/live', '/health/ready', '/ca.pem']);
});

test('each says where its API is', async () => {
  await using server = await startMockServer();
  const [api, admin] = await Promise.all(documents.map((path) => fetchDocument(server, path)));
  expect([api?.servers, admin?.servers]).toEqual([[{ url: server.url }], [{ url: server.adminUrl }]]);
});
