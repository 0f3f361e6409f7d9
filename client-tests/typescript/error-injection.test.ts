import { describe, expect, test } from 'vitest';
import { startMockServer } from '../../server/index.ts';
import { clients, startFaulty } from './support/both-versions.ts';
import { openClient } from './support/client.ts';
import { readAnswer as read } from './support/read-answer.ts';
import { TASKS, textOnly } from './support/tasks.ts';

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

test('every documented code comes with its status, type and message', async () => {
  await using server = await startMockServer();
  await using client = await openClient(server);
  for (const [status, type, codes] of documented) {
    for (const code of codes.split(' ')) {
      const fault = { name: code, on: 'request', inject: [{ status: { error: code } }] };
      const armed = await fetch(`${server.adminUrl}/faults`, { method: 'POST', body: JSON.stringify(fault) });
      expect(armed.status).toBe(201);
      const answer = await client.post(TASKS, textOnly);
      const { error } = JSON.parse(answer.text);
      expect({ status: answer.status, ...error }).toEqual({
        status,
        type,
        code,
        param: '',
        message: expect.stringMatching(new RegExp(`^\\S.*\\. [Rr]equest id: ${answer.headers['x-request-id']}$`)),
      });
      await fetch(`${server.adminUrl}/faults/${code}`, { method: 'DELETE' });
    }
  }
  expect((await client.post(TASKS, textOnly)).status).toBe(200);
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
