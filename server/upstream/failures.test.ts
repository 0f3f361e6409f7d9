import { expect, test } from 'vitest';
import { failureBy, UpstreamError } from './failures.ts';

function failureOf(code: unknown, message = 'said') {
  const error = failureBy(Object.assign(new Error(message), { code }));
  if (!(error instanceof UpstreamError)) throw error;
  return error.failure;
}

test.each([
  ['ENOTFOUND', 'dns_error', 502],
  ['ECONNREFUSED', 'connection_refused', 502],
  ['EHOSTUNREACH', 'destination_ip_unroutable', 502],
  ['UND_ERR_CONNECT_TIMEOUT', 'connection_timeout', 504],
  ['ECONNRESET', 'connection_terminated', 502],
  ['ERR_HTTP2_SESSION_ERROR', 'connection_terminated', 502],
  ['UND_ERR_SOCKET', 'connection_terminated', 502],
  ['UND_ERR_BODY_TIMEOUT', 'connection_read_timeout', 504],
  ['UND_ERR_HEADERS_TIMEOUT', 'http_response_timeout', 504],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'http_response_incomplete', 502],
  ['UND_ERR_HEADERS_OVERFLOW', 'http_response_header_section_size', 502],
  ['UND_ERR_INVALID_ARG', 'http_request_error', 400],
  ['CERT_HAS_EXPIRED', 'tls_certificate_error', 502],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_certificate_error', 502],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_certificate_error', 502],
  ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'tls_protocol_error', 502],
  ['HPE_INVALID_CONSTANT', 'http_protocol_error', 502],
  ['ERR_HTTP2_STREAM_ERROR', 'http_protocol_error', 502],
])('%s is %s: %i', (code, error, status) => expect(failureOf(code)).toMatchObject({ error, status }));

test('words that may come from the call are not repeated', () => {
  expect(failureOf('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1').reason).toBe('connect ECONNREFUSED 127.0.0.1:1');
  expect(failureOf('ECONNREFUSED', '').reason).toBe('ECONNREFUSED');
  for (const code of ['ERR_HTTP2_INVALID_HEADER_VALUE', 'UND_ERR_INVALID_ARG', 'HPE_INVALID_HEADER_TOKEN'])
    expect(failureOf(code, 'invalid value "Bearer secret"').reason).toBe(code);
});

test("an error of undici's parser, which has no code, is told in its own words", () => {
  const error = Object.assign(new Error('Expected HTTP/'), { name: 'HTTPParserError' });
  const failure = { error: 'http_protocol_error', status: 502, reason: 'Expected HTTP/' };
  expect(failureBy(error)).toMatchObject({ failure, cause: error });
});

test('a bug of ours stays one', () => {
  const bugs = [
    new TypeError('x is undefined'),
    Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' }),
    new Error('x'),
  ];
  for (const bug of bugs) expect(failureBy(bug)).toBe(bug);
});
