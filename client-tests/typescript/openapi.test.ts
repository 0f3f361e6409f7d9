import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { openClient } from './support/client.ts';
import { readAnswer } from './support/read-answer.ts';
import { TASKS, textOnly } from './support/tasks.ts';

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { readonly name: string; readonly description?: string }[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
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
  expect(parameters).toHaveLength(6);
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
