import { z } from 'zod';
import { type ArkCode, arkCodes, statusOfCode } from '../faults/ark-codes.ts';

/** What a message may need to know. All optional: a planned failure knows only its code. */
export interface ErrorDetails {
  /** The field to blame, `content[1].image_url` style; empty when it is the request as a whole. */
  readonly param?: string | undefined;
  /** The inner sentence, without a full stop at its end. */
  readonly reason?: string | undefined;
  /** The thing meant: a model, a task, a path. */
  readonly subject?: string | undefined;
}

interface Kind {
  readonly type: string;
  readonly message: (details: ErrorDetails) => string;
}

const kind = (type: string, message: string | Kind['message']): Kind => ({
  type,
  message: typeof message === 'string' ? () => message : message,
});

const badRequest = (message: string | Kind['message']) => kind('BadRequest', message);
const forbidden = (message: string) => kind('Forbidden', message);
const tooMany = (message: string | Kind['message']) => kind('TooManyRequests', message);
const sensitive = (what: string) =>
  badRequest(`The request failed because the ${what} may contain sensitive information.`);
const copyrighted = (what: string) =>
  badRequest(`The request failed because the ${what} may be related to copyright restrictions.`);
const realPerson = (what: string) => badRequest(`The request failed because the ${what} may contain real person.`);
const risky = (what: string) => badRequest(`The request failed because the ${what} may contain risky information.`);

const MISSING_KEY = 'the API key or AK/SK in the request is missing or invalid.';
const model = (d: ErrorDetails) => d.subject ?? 'doubao-seedance-2-0';
const limited = (what: string, of?: 'model') =>
  tooMany((d) => `The ${what}${of ? ` for the model ${model(d)}` : ''} has been exceeded. Please try again later.`);

/** Every error of the service: `type` and message by `code` (reference, sections 7.2 and 7.3). */
export const arkErrors = {
  MissingParameter: badRequest(
    (d) => `The request failed because it is missing \`${d.param ?? 'content'}\` parameter.`,
  ),
  InvalidParameter: badRequest(
    (d) =>
      `The ${d.param === '' ? 'request' : `parameter \`${d.param ?? 'content'}\` specified in the request`} is not valid${d.reason ? `: ${d.reason}` : ''}.`,
  ),
  'InvalidParameter.UnsupportedParameter': badRequest(
    (d) => `The parameter \`${d.param ?? 'content'}\` specified in the request is not available on this endpoint.`,
  ),
  'InvalidParameter.TaskTypeConstraint': badRequest(
    'The task type inferred from the prompt does not go with the parameters of the request.',
  ),
  'InvalidParameter.TaskTypeMismatch': badRequest(
    'The task type inferred from the prompt does not match `omni_reference_task_type`.',
  ),
  'InvalidEndpoint.ClosedEndpoint': badRequest('The request targeted an endpoint that is closed or unavailable.'),
  SensitiveContentDetected: sensitive('input text'),
  'SensitiveContentDetected.SevereViolation': sensitive('input text'),
  'SensitiveContentDetected.Violence': sensitive('input text'),
  ContentSecurityDetectionError: badRequest('The content security detection of the request failed.'),
  InputTextSensitiveContentDetected: sensitive('input text'),
  InputImageSensitiveContentDetected: sensitive('input image'),
  InputVideoSensitiveContentDetected: sensitive('input video'),
  InputAudioSensitiveContentDetected: sensitive('input audio'),
  'InputTextSensitiveContentDetected.PolicyViolation': copyrighted('input text'),
  'InputImageSensitiveContentDetected.PolicyViolation': copyrighted('input image'),
  'InputVideoSensitiveContentDetected.PolicyViolation': copyrighted('input video'),
  'InputAudioSensitiveContentDetected.PolicyViolation': copyrighted('input audio'),
  'InputImageSensitiveContentDetected.PrivacyInformation': realPerson('input image'),
  'InputVideoSensitiveContentDetected.PrivacyInformation': realPerson('input video'),
  InputTextRiskDetection: risky('input text'),
  InputImageRiskDetection: risky('input image'),
  OutputVideoSensitiveContentDetected: sensitive('output video'),
  OutputAudioSensitiveContentDetected: sensitive('output audio'),
  'OutputVideoSensitiveContentDetected.PolicyViolation': copyrighted('output video'),
  'OutputAudioSensitiveContentDetected.PolicyViolation': copyrighted('output audio'),
  AuthenticationError: kind('Unauthorized', (d) => d.reason ?? MISSING_KEY),
  InvalidAccountStatus: kind('Forbidden', 'The account is in an abnormal state.'),
  AccessDenied: forbidden('The request failed because you do not have access to the requested resource.'),
  AccountOverdueError: forbidden('The request failed because your account has an overdue balance.'),
  'OperationDenied.PermissionDenied': forbidden('The request failed because you lack the permission for it.'),
  'OperationDenied.ServiceNotOpen': forbidden('The request failed because the service is not open for your account.'),
  'OperationDenied.ServiceOverdue': forbidden('The request failed because the service is overdue.'),
  'OperationDenied.InvalidState': forbidden('The request failed because the resource is in an invalid state.'),
  // With a space, and only here: seen live on unknown models.
  'InvalidEndpointOrModel.NotFound': kind(
    'Not Found',
    (d) => `The model or endpoint ${model(d)} does not exist or you do not have access to it.`,
  ),
  ModelNotOpen: kind(
    'NotFound',
    (d) =>
      `Your account 2100000000 has not activated the model ${model(d)}. Please activate the model service in the Ark Console.`,
  ),
  'InvalidEndpointOrModel.ModelIDAccessDisabled': kind(
    'NotFound',
    'The request failed because your account may use endpoint ids only, not model ids.',
  ),
  ResourceNotFound: kind(
    'NotFound',
    (d) => `The specified resource ${d.subject ? `\`${d.subject}\` ` : ''}is not found.`,
  ),
  NotFound: kind('NotFound', (d) => `The specified ${d.param ? `\`${d.param}\`` : 'resource'} is not found.`),
  InvalidAction: kind('NotFound', (d) => `The specified action is invalid: \`${d.subject ?? ''}\`.`),
  // The reference leaves `type` open here (section 13).
  'InvalidAction.RunningTaskDeletion': kind(
    'Conflict',
    (d) => `Cannot delete task \`${d.subject ?? ''}\` because it is ${d.reason ?? 'currently running'}.`,
  ),
  QuotaExceeded: tooMany('The number of tasks in the queued state for the current account has exceeded the limit.'),
  'RateLimitExceeded.EndpointRPMExceeded': limited('requests per minute (RPM) limit of the endpoint'),
  'RateLimitExceeded.EndpointTPMExceeded': limited('tokens per minute (TPM) limit of the endpoint'),
  'RateLimitExceeded.EndpointFlexTPMExceeded': limited('flex tokens limit of the endpoint'),
  ModelAccountRpmRateLimitExceeded: limited('requests per minute (RPM) limit of the account', 'model'),
  ModelAccountTpmRateLimitExceeded: limited('tokens per minute (TPM) limit of the account', 'model'),
  ModelAccountIpmRateLimitExceeded: limited('images per minute (IPM) limit of the account', 'model'),
  APIAccountRpmRateLimitExceeded: limited('requests per minute (RPM) limit of the account for this API'),
  AccountRateLimitExceeded: limited('request limit of the account'),
  SetLimitExceeded: tooMany('The request failed because the limit that you set has been reached.'),
  InflightBatchsizeExceeded: tooMany('The number of requests in flight has exceeded the limit of the account.'),
  RequestBurstTooFast: tooMany('The request failed because the traffic grows too fast. Please raise it gradually.'),
  // Short of capacity is 429 here, not 503.
  ServerOverloaded: tooMany(
    'The service is currently unable to handle additional requests due to server overload. Please retry later.',
  ),
  InternalServiceError: kind('InternalServerError', 'The service encountered an unexpected internal error.'),
} as const satisfies Record<ArkCode, Kind>;

export type { ArkCode };

// Open at its end: a scenario may invent codes, and the service has grown new ones.
const codeSchema = (status: number) =>
  z
    .union([z.enum((arkCodes as Readonly<Record<number, readonly string[]>>)[status] ?? []), z.string()])
    .describe('The stable part: one of those known for this status, or another.');

/** The body of every error of a status: clients decode `error` whatever it is (reference, sections 7.1 and 12). */
export const arkErrorSchema = (status: number) =>
  z.object({
    error: z.object({
      code: codeSchema(status),
      message: z.string().describe('Ends in the request id.'),
      param: z.string().describe('The field to blame, `content[1].image_url` style; empty where there is none.'),
      type: z.string(),
    }),
  });
export type ArkErrorBody = z.output<ReturnType<typeof arkErrorSchema>>;

const codeByStatus: Readonly<Record<number, ArkCode>> = {
  400: 'InvalidParameter',
  401: 'AuthenticationError',
  403: 'AccessDenied',
  404: 'ResourceNotFound',
  409: 'InvalidAction.RunningTaskDeletion',
  429: 'ServerOverloaded',
};

// The body of the gateway's own 502, 503 and 504 is unknown (section 7.2). It gets the service's JSON too, because
// the Go SDK makes an untyped error of anything else (section 12).
const codeOf = (status: number): ArkCode =>
  codeByStatus[status] ?? (status < 500 ? 'InvalidParameter' : 'InternalServiceError');

const kindOf = (code: string): Kind | undefined =>
  (arkErrors as Readonly<Record<string, Kind>>)[code] ??
  (arkErrors as Readonly<Record<string, Kind>>)[code.split('.')[0] ?? ''];

/** The codes that end in the name of a parameter (reference, section 7.2). */
const NAMES_PARAMETER = /^(?:MissingParameter|InvalidParameter|NotFound)\.(.+)$/;
const parameterIn = (code: string): string => (code in arkErrors ? '' : (NAMES_PARAMETER.exec(code)?.[1] ?? ''));

/** The sentence of a code, or of the code it refines (`InvalidParameter.Foo`); a general one for codes nobody knows. */
export const messageOf = (code: string, details: ErrorDetails = {}): string =>
  (kindOf(code) ?? arkErrors.InternalServiceError).message(details);

/** Ends a message the way all of them end; the sentence about the missing key goes on in lower case (section 1). */
export function signMessage(sentence: string, requestId: string): string {
  if (/request id: /i.test(sentence)) return sentence;
  return `${sentence} ${sentence === MISSING_KEY ? 'request' : 'Request'} id: ${requestId}`;
}

/** The error body of a status; what is not given follows from the status, then from the code. */
export function errorBody(
  status: number,
  { code = codeOf(status), message, param = parameterIn(code) }: { code?: string; message?: string; param?: string },
  requestId: string,
): ArkErrorBody {
  const { type } = kindOf(code) ?? arkErrors[codeOf(status)];
  return {
    error: {
      code,
      message: signMessage(message ?? messageOf(code, { param: param || undefined }), requestId),
      param,
      type,
    },
  };
}

/** An answer of the service that is an error; thrown where it is found, sent by the error handler. */
export class ArkError extends Error {
  override readonly name = 'ArkError';
  readonly code: ArkCode;
  readonly status: number;
  readonly param: string;
  /** Header `x-error-code`, which only a 401 is known to carry. */
  readonly errorCode: string | undefined;

  constructor(code: ArkCode, details: ErrorDetails = {}, errorCode?: string) {
    super(messageOf(code, details));
    this.code = code;
    this.status = statusOfCode(code) ?? 500;
    this.param = details.param ?? '';
    this.errorCode = errorCode;
  }
}

/** The one error that most rejections are (reference, section 2.3). */
export const invalid = (param: string, reason: string): ArkError => new ArkError('InvalidParameter', { param, reason });
