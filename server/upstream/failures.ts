import { reasonOf } from '../errors.ts';

/** What went wrong with an upstream. */
export interface UpstreamFailure {
  /** As RFC 9209, section 2.3, calls it. */
  readonly error: string;
  /** What a client is answered whose answer has not begun. */
  readonly status: 400 | 502 | 504;
  /** In words, none of which come from the call: its fields are secret. */
  readonly reason: string;
}

/** The code of an error: the upstream turned out to be this server. */
export const LOOP = 'SEEDANCE_MOCK_LOOP';

const kinds = {
  dns_error: { status: 502, codes: ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL'] },
  destination_ip_unroutable: { status: 502, codes: ['EHOSTUNREACH', 'ENETUNREACH'] },
  connection_refused: { status: 502, codes: ['ECONNREFUSED'] },
  connection_timeout: { status: 504, codes: ['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'] },
  connection_terminated: { status: 502, codes: ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'] },
  connection_read_timeout: { status: 504, codes: ['UND_ERR_BODY_TIMEOUT'] },
  http_response_timeout: { status: 504, codes: ['UND_ERR_HEADERS_TIMEOUT'] },
  http_response_incomplete: { status: 502, codes: ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH'] },
  http_request_error: { status: 400, codes: ['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'] },
  tls_certificate_error: {
    status: 502,
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  },
  tls_protocol_error: { status: 502, codes: ['EPROTO'] },
  proxy_loop_detected: { status: 502, codes: [LOOP] },
  http_protocol_error: { status: 502, codes: [] },
} as const satisfies Record<string, { readonly status: UpstreamFailure['status']; readonly codes: readonly string[] }>;
type Kind = keyof typeof kinds;

const byCode = new Map(
  Object.entries(kinds).flatMap(([kind, { codes }]) => codes.map((code) => [code as string, kind as Kind] as const)),
);

/** Told in the words of the system and of OpenSSL, which know of addresses and certificates alone. */
const OF_THE_PATH = /^(?:dns_|destination_|connection_|tls_|proxy_)/;

function kindOf(code: string): Kind {
  if (code.startsWith('ERR_SSL_')) return 'tls_protocol_error';
  if (/CERT/.test(code) && !code.startsWith('ERR_')) return 'tls_certificate_error';
  return byCode.get(code) ?? 'http_protocol_error';
}

/** Tells what an error of the library, the system or OpenSSL means for the call that met it.
 * @throws the error itself, where it is a bug of ours: none of theirs comes without a code, or as a TypeError */
export function describeFailure(error: unknown): UpstreamFailure {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string' || error instanceof TypeError) throw error;
  const kind = kindOf(code);
  const said = OF_THE_PATH.test(kind) ? reasonOf(error) : '';
  return { error: kind, status: kinds[kind].status, reason: said || code };
}
