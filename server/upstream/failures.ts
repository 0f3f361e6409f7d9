import { reasonOf } from '../errors.ts';

/** What went wrong with an upstream. */
export interface UpstreamFailure {
  /** As RFC 9209, section 2.3, calls it. */
  readonly error: FailureKind;
  /** What a client is answered whose answer has not begun. */
  readonly status: 400 | 502 | 504;
  /** In words, none of which come from the call: its fields are secret. */
  readonly reason: string;
}

const kinds = {
  dns_error: { status: 502, codes: ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'] },
  destination_ip_unroutable: { status: 502, codes: ['EHOSTUNREACH', 'ENETUNREACH'] },
  connection_refused: { status: 502, codes: ['ECONNREFUSED'] },
  connection_timeout: { status: 504, codes: ['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'] },
  connection_terminated: {
    status: 502,
    codes: ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET', 'ERR_HTTP2_SESSION_ERROR'],
  },
  connection_read_timeout: { status: 504, codes: ['UND_ERR_BODY_TIMEOUT'] },
  http_response_timeout: { status: 504, codes: ['UND_ERR_HEADERS_TIMEOUT'] },
  http_response_incomplete: { status: 502, codes: ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH'] },
  http_response_header_section_size: { status: 502, codes: ['UND_ERR_HEADERS_OVERFLOW'] },
  http_request_error: { status: 400, codes: ['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'] },
  tls_certificate_error: {
    status: 502,
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  },
  tls_protocol_error: { status: 502, codes: ['EPROTO'] },
  proxy_loop_detected: { status: 502, codes: [] },
  http_protocol_error: { status: 502, codes: [] },
} as const satisfies Record<string, { readonly status: UpstreamFailure['status']; readonly codes: readonly string[] }>;
export type FailureKind = keyof typeof kinds;

const byCode = new Map(
  Object.entries(kinds).flatMap(([kind, { codes }]) =>
    codes.map((code) => [code as string, kind as FailureKind] as const),
  ),
);

/** Told in the words of the system and of OpenSSL, which know of addresses and certificates alone. */
const OF_THE_PATH = /^(?:dns_|destination_|connection_|tls_|proxy_)/;

function kindOf(code: string): FailureKind {
  if (code.startsWith('ERR_SSL_')) return 'tls_protocol_error';
  if (/CERT/.test(code) && !code.startsWith('ERR_')) return 'tls_certificate_error';
  return byCode.get(code) ?? 'http_protocol_error';
}

/** A failure of the upstream or of the way to it. Never wraps an error of our own code. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly failure: UpstreamFailure;
  /** Whether the upstream has not processed the call, which may be repeated: RFC 9113, 8.7. */
  readonly unprocessed: boolean;

  constructor(
    { error, reason }: Pick<UpstreamFailure, 'error' | 'reason'>,
    { cause, unprocessed = false }: { readonly cause?: unknown; readonly unprocessed?: boolean } = {},
  ) {
    super(reason, { cause });
    this.failure = { error, status: kinds[error].status, reason };
    this.unprocessed = unprocessed;
  }
}

/** The upstream closed a connection without an error. */
export const connectionClosed = (): UpstreamError =>
  new UpstreamError({ error: 'connection_terminated', reason: 'other side closed' });

/** undici's parser errors have this name and no code. Their messages are a fixed list. */
const PARSER_ERROR = 'HTTPParserError';

/** Wraps an error that a library, the system or OpenSSL threw for a call.
 * @returns the error itself if it is a bug of ours: it has no code, or is a TypeError */
export function failureBy(cause: unknown): unknown {
  const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown };
  if (cause instanceof UpstreamError) return cause;
  if (name === PARSER_ERROR)
    return new UpstreamError({ error: 'http_protocol_error', reason: reasonOf(cause) }, { cause });
  if (typeof code !== 'string' || cause instanceof TypeError) return cause;
  const error = kindOf(code);
  const said = OF_THE_PATH.test(error) ? reasonOf(cause) : '';
  return new UpstreamError({ error, reason: said || code }, { cause });
}
