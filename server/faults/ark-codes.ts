/** Every error code of the service by its HTTP status (reference, Ark API sections 7.2 and 7.3). */
export const arkCodes = {
  400: [
    'MissingParameter',
    'InvalidParameter',
    'InvalidParameter.UnsupportedParameter',
    'InvalidParameter.TaskTypeConstraint',
    'InvalidParameter.TaskTypeMismatch',
    'InvalidEndpoint.ClosedEndpoint',
    'SensitiveContentDetected',
    'SensitiveContentDetected.SevereViolation',
    'SensitiveContentDetected.Violence',
    'ContentSecurityDetectionError',
    'InputTextSensitiveContentDetected',
    'InputImageSensitiveContentDetected',
    'InputVideoSensitiveContentDetected',
    'InputAudioSensitiveContentDetected',
    'InputTextSensitiveContentDetected.PolicyViolation',
    'InputImageSensitiveContentDetected.PolicyViolation',
    'InputVideoSensitiveContentDetected.PolicyViolation',
    'InputAudioSensitiveContentDetected.PolicyViolation',
    'InputImageSensitiveContentDetected.PrivacyInformation',
    'InputVideoSensitiveContentDetected.PrivacyInformation',
    'InputTextRiskDetection',
    'InputImageRiskDetection',
    'OutputVideoSensitiveContentDetected',
    'OutputAudioSensitiveContentDetected',
    'OutputVideoSensitiveContentDetected.PolicyViolation',
    'OutputAudioSensitiveContentDetected.PolicyViolation',
  ],
  401: ['AuthenticationError', 'InvalidAccountStatus'],
  403: [
    'AccessDenied',
    'AccountOverdueError',
    'OperationDenied.PermissionDenied',
    'OperationDenied.ServiceNotOpen',
    'OperationDenied.ServiceOverdue',
    'OperationDenied.InvalidState',
  ],
  404: [
    'InvalidEndpointOrModel.NotFound',
    'ModelNotOpen',
    'InvalidEndpointOrModel.ModelIDAccessDisabled',
    'ResourceNotFound',
    // Stands before the parameter: `NotFound.{Parameter}`.
    'NotFound',
    'InvalidAction',
  ],
  409: ['InvalidAction.RunningTaskDeletion'],
  429: [
    'QuotaExceeded',
    'RateLimitExceeded.EndpointRPMExceeded',
    'RateLimitExceeded.EndpointTPMExceeded',
    'RateLimitExceeded.EndpointFlexTPMExceeded',
    'ModelAccountRpmRateLimitExceeded',
    'ModelAccountTpmRateLimitExceeded',
    'ModelAccountIpmRateLimitExceeded',
    'APIAccountRpmRateLimitExceeded',
    'AccountRateLimitExceeded',
    'SetLimitExceeded',
    'InflightBatchsizeExceeded',
    'RequestBurstTooFast',
    'ServerOverloaded',
  ],
  500: ['InternalServiceError'],
} as const satisfies Record<number, readonly string[]>;

export type ArkCode = (typeof arkCodes)[keyof typeof arkCodes][number];

const statuses = new Map<string, number>(
  Object.entries(arkCodes).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)] as const)),
);

/** The codes that are known, for whoever has to be told of them. */
export const knownArkCodes = [...statuses.keys()];

/** The HTTP status of a code, or of the code that it refines (`InvalidParameter.Foo`); undefined for one that nobody knows. */
export const statusOfCode = (code: string): number | undefined =>
  statuses.get(code) ?? statuses.get(code.split('.')[0] ?? '');
