import { describe, expect, test } from 'vitest';
import { knownArkCodes } from '../../server/faults/ark-codes.ts';
import { type MockServer, startMockServer } from '../../server/index.ts';
import { clients, startFaulty } from './support/both-versions.ts';
import { openClient } from './support/client.ts';
import { readAnswer as read } from './support/read-answer.ts';
import { createTask, getTask, TASKS, textOnly } from './support/tasks.ts';

/** Reference, Ark API sections 7.2 and 7.3: status and `type` of every code. */
const documented: readonly (readonly [status: number, type: string, codes: string])[] = [
  [400, 'BadRequest', 'MissingParameter InvalidParameter InvalidParameter.UnsupportedParameter'],
  [400, 'BadRequest', 'InvalidParameter.TaskTypeConstraint InvalidParameter.TaskTypeMismatch'],
  [400, 'BadRequest', 'InvalidEndpoint.ClosedEndpoint ContentSecurityDetectionError'],
  [
    400,
    'BadRequest',
    'SensitiveContentDetected SensitiveContentDetected.SevereViolation SensitiveContentDetected.Violence',
  ],
  [400, 'BadRequest', 'InputTextSensitiveContentDetected InputTextSensitiveContentDetected.PolicyViolation'],
  [400, 'BadRequest', 'InputImageSensitiveContentDetected InputImageSensitiveContentDetected.PolicyViolation'],
  [400, 'BadRequest', 'InputVideoSensitiveContentDetected InputVideoSensitiveContentDetected.PolicyViolation'],
  [400, 'BadRequest', 'InputAudioSensitiveContentDetected InputAudioSensitiveContentDetected.PolicyViolation'],
  [400, 'BadRequest', 'InputImageSensitiveContentDetected.PrivacyInformation'],
  [400, 'BadRequest', 'InputVideoSensitiveContentDetected.PrivacyInformation'],
  [400, 'BadRequest', 'InputTextRiskDetection InputImageRiskDetection'],
  [401, 'Unauthorized', 'AuthenticationError'],
  [401, 'Forbidden', 'InvalidAccountStatus'],
  [403, 'Forbidden', 'AccountOverdueError AccessDenied OperationDenied.PermissionDenied'],
  [403, 'Forbidden', 'OperationDenied.ServiceNotOpen OperationDenied.ServiceOverdue OperationDenied.InvalidState'],
  [404, 'Not Found', 'InvalidEndpointOrModel.NotFound'],
  [404, 'NotFound', 'ModelNotOpen InvalidEndpointOrModel.ModelIDAccessDisabled ResourceNotFound InvalidAction'],
  [409, 'Conflict', 'InvalidAction.RunningTaskDeletion'],
  [429, 'TooManyRequests', 'QuotaExceeded RateLimitExceeded.EndpointRPMExceeded RateLimitExceeded.EndpointTPMExceeded'],
  [429, 'TooManyRequests', 'ModelAccountRpmRateLimitExceeded ModelAccountTpmRateLimitExceeded'],
  [429, 'TooManyRequests', 'ModelAccountIpmRateLimitExceeded APIAccountRpmRateLimitExceeded'],
  [429, 'TooManyRequests', 'AccountRateLimitExceeded SetLimitExceeded InflightBatchsizeExceeded RequestBurstTooFast'],
  [429, 'TooManyRequests', 'RateLimitExceeded.EndpointFlexTPMExceeded ServerOverloaded'],
  [500, 'InternalServerError', 'InternalServiceError'],
];

const sensitive = (what: string) => `The request failed because the ${what} may contain sensitive information.`;
const copyrighted = (what: string) =>
  `The request failed because the ${what} may be related to copyright restrictions.`;
const realPerson = (what: string) => `The request failed because the ${what} may contain real person.`;

/** The sentences that the reference quotes; those of the other codes are ours. */
const sentences: Readonly<Record<string, string>> = {
  AuthenticationError: 'the API key or AK/SK in the request is missing or invalid.',
  AccountOverdueError: 'The request failed because your account has an overdue balance.',
  'InvalidEndpointOrModel.NotFound':
    'The model or endpoint doubao-seedance-2-0 does not exist or you do not have access to it.',
  ModelNotOpen:
    'Your account 2100000000 has not activated the model doubao-seedance-2-0. Please activate the model service in the Ark Console.',
  QuotaExceeded: 'The number of tasks in the queued state for the current account has exceeded the limit.',
  ModelAccountRpmRateLimitExceeded:
    'The requests per minute (RPM) limit of the account for the model doubao-seedance-2-0 has been exceeded. Please try again later.',
  ServerOverloaded:
    'The service is currently unable to handle additional requests due to server overload. Please retry later.',
  InternalServiceError: 'The service encountered an unexpected internal error.',
  ...Object.fromEntries(
    ['Text', 'Image', 'Video', 'Audio'].flatMap((what) => [
      [`Input${what}SensitiveContentDetected`, sensitive(`input ${what.toLowerCase()}`)],
      [`Input${what}SensitiveContentDetected.PolicyViolation`, copyrighted(`input ${what.toLowerCase()}`)],
    ]),
  ),
  'InputImageSensitiveContentDetected.PrivacyInformation': realPerson('input image'),
  'InputVideoSensitiveContentDetected.PrivacyInformation': realPerson('input video'),
};

/** Answers every call with an error of this name, for as long as `during` takes. */
async function inject(server: MockServer, error: string, during: () => Promise<void>): Promise<void> {
  const fault = { name: error, on: 'request', inject: [{ status: { error } }] };
  const armed = await fetch(`${server.adminUrl}/faults`, { method: 'POST', body: JSON.stringify(fault) });
  expect(armed.status).toBe(201);
  await during();
  await fetch(`${server.adminUrl}/faults/${error}`, { method: 'DELETE' });
}

test('every documented code comes with its status, type and message', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  for (const [status, type, codes] of documented) {
    for (const code of codes.split(' ')) {
      await inject(server, code, async () => {
        const answer = await client.post(TASKS, textOnly);
        const { error } = JSON.parse(answer.text);
        // Lower case where the sentence is (reference, section 1).
        const end = `${code === 'AuthenticationError' ? 'r' : 'R'}equest id: ${answer.headers['x-request-id']}`;
        const sentence = sentences[code];
        expect({ status: answer.status, ...error }).toEqual({
          status,
          type,
          code,
          param: '',
          message: sentence ? `${sentence} ${end}` : expect.stringMatching(new RegExp(`^[A-Z].*\\. ${end}$`)),
        });
      });
    }
  }
  expect((await client.post(TASKS, textOnly)).status).toBe(200);
});

test('no code of the service is left out here', () => {
  const shown = documented.flatMap(([, , codes]) => codes.split(' '));
  const failing = knownArkCodes.filter((code) => code.startsWith('Output'));
  expect([...shown, ...failing, 'NotFound'].sort()).toEqual([...knownArkCodes].sort());
});

test.each([
  ['MissingParameter.model', 400, 'BadRequest', 'The request failed because it is missing `model` parameter.'],
  ['InvalidParameter.ratio', 400, 'BadRequest', 'The parameter `ratio` specified in the request is not valid.'],
  ['NotFound.task_id', 404, 'NotFound', 'The specified `task_id` is not found.'],
])('%s, which names the parameter, comes with %i', async (code, status, type, sentence) => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  await inject(server, code, async () => {
    const answer = await client.post(TASKS, textOnly);
    const message = `${sentence} Request id: ${answer.headers['x-request-id']}`;
    const [, param] = code.split('.');
    expect({ status: answer.status, ...JSON.parse(answer.text) }).toEqual({
      status,
      error: { code, message, param, type },
    });
  });
});

test('where code and error disagree, on purpose, the code is the status', async () => {
  await using server = await startFaulty({
    name: 'odd',
    on: 'request',
    inject: [{ status: { code: 503, error: 'ServerOverloaded' } }],
  });
  await using client = await openClient(server);
  const { status, text } = await client.get(TASKS);
  expect([status, JSON.parse(text).error]).toMatchObject([
    503,
    { code: 'ServerOverloaded', type: 'TooManyRequests', message: expect.stringContaining('server overload') },
  ]);
});

test('neither code nor error is told with its place', async () => {
  const scenario = 'faults:\n  - name: none\n    on: request\n    inject:\n      - status: { retryAfter: 1 }\n';
  const refused = await startMockServer({ scenario }).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    problems: [{ message: expect.stringContaining('neither `code` nor `error`'), at: { line: 5, column: 9 } }],
  });
});

test.each([
  ['OutputVideoSensitiveContentDetected', sensitive('output video')],
  ['OutputAudioSensitiveContentDetected', sensitive('output audio')],
  ['OutputVideoSensitiveContentDetected.PolicyViolation', copyrighted('output video')],
  ['OutputAudioSensitiveContentDetected.PolicyViolation', copyrighted('output audio')],
])('a task that fails with %s says so in the documented words', async (code, sentence) => {
  await using server = await startMockServer({
    clock: 'manual',
    scenario: { service: { idle: 'off', heartbeat: 'off' }, faults: [{ on: 'task', inject: [{ fail: { code } }] }] },
  });
  await using client = await openClient(server);
  const id = await createTask(client);
  await server.clock.advance(5_000);
  const { status, error } = await getTask(client, id);
  expect([status, error]).toEqual([
    'failed',
    { code, message: expect.stringMatching(new RegExp(`^${sentence} Request id: 02[0-9a-f]+$`)) },
  ]);
});

describe.each(clients)('%s', (_protocol, open) => {
  test.each([
    [
      502,
      'text',
      'text/plain',
      'upstream connect error or disconnect/reset before headers. reset reason: protocol error',
    ],
    [
      503,
      'text',
      'text/plain',
      'upstream connect error or disconnect/reset before headers. reset reason: connection failure',
    ],
    [504, 'text', 'text/plain', 'upstream request timeout'],
    [502, 'html', 'text/html', expect.stringContaining('<center><h1>502 Bad Gateway</h1></center>')],
    [503, 'html', 'text/html', expect.stringContaining('<title>503 Service Temporarily Unavailable</title>')],
    [504, 'html', 'text/html', expect.stringContaining('<title>504 Gateway Time-out</title>')],
  ] as const)('a gateway says %i in %s', async (code, body, type, words) => {
    await using server = await startFaulty({ name: 'gateway', on: 'request', inject: [{ status: { code, body } }] });
    await using client = await open(server);
    const answer = await read(client.get(TASKS));
    expect(answer).toMatchObject({ status: code, headers: { 'content-type': type }, text: words });
  });

  test('the gateway of the bundled scenario speaks as Envoy does, and as nginx does', async () => {
    await using server = await startMockServer({ scenario: 'bad-gateway', profile: 'dual-stack' });
    await using client = await open(server);
    const id = JSON.parse((await read(client.post(TASKS, textOnly))).text).id;
    const answers = [];
    for (let nth = 1; nth <= 4; nth++) answers.push(await read(client.get(`${TASKS}/${id}`)));
    expect(answers).toMatchObject([
      { status: 200, text: expect.stringContaining(id) },
      { status: 503, headers: { 'content-type': 'text/plain' }, text: 'no healthy upstream' },
      { status: 502, headers: { 'content-type': 'text/html' }, text: expect.stringContaining('502 Bad Gateway') },
      { status: 504, headers: { 'content-type': 'text/plain' }, text: 'upstream request timeout' },
    ]);
  });

  test('any text, of any type', async () => {
    const body = { text: 'a,b\n', type: 'text/csv' };
    await using server = await startFaulty({ name: 'odd', on: 'request', inject: [{ status: { code: 200, body } }] });
    await using client = await open(server);
    expect(await read(client.get(TASKS))).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/csv', 'content-length': '4' },
      text: 'a,b\n',
    });
  });

  test('an empty 200 on a create that was carried out', async () => {
    await using server = await startMockServer({ scenario: 'empty-create', profile: 'dual-stack' });
    await using client = await open(server);
    const { status, headers, text } = await read(client.post(TASKS, textOnly));
    expect([status, headers['content-length'], text]).toEqual([200, '0', '']);
    expect(server.journal.events('task.created')).toHaveLength(1);
    expect((await read(client.post(TASKS, textOnly))).text).toContain('"id":"cgt-');
  });
});
