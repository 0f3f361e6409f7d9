import { createRequire } from 'node:module';
import { createSecureContext, type SecureContext } from 'node:tls';
import { inspect } from 'node:util';
import { reasonOf } from './errors.ts';

/** What the OpenSSL inside Node can do and node:tls has no option for. */
export interface OpenSsl {
  /** How many session tickets follow a handshake of TLS 1.3. */
  setTicketCount(context: SecureContext, count: number): void;
  /** `max_early_data_size` of the tickets (RFC 8446, section 4.6.1), and how much refused early data is put up with. Nobody
   * here reads early data, so it is never accepted. */
  permitEarlyData(context: SecureContext, bytes: number): void;
  /** What ALPN answers, whatever was offered. */
  answerAlpn(context: SecureContext, protocol: string): void;
}

let found: OpenSsl | Error | undefined;

/** Reaches into the OpenSSL of this process. It takes `koffi`, which is an optional dependency.
 * @throws Error that tells why it cannot */
export function openSsl(): OpenSsl {
  found ??= reach();
  if (found instanceof Error) throw found;
  return found;
}

/** Why OpenSSL is out of reach; undefined when it is not. */
export function whyNoOpenSsl(): string | undefined {
  try {
    openSsl();
    return undefined;
  } catch (error) {
    // A module that is not found says who asked for it, in lines of its own.
    return reasonOf(error).split('\n')[0]?.replace(/\.$/, '');
  }
}

function reach(): OpenSsl | Error {
  try {
    const bound = bind();
    addressOf(createSecureContext());
    return bound;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Binds the functions by the names and types they have in openssl/ssl.h. */
function bind(): OpenSsl {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi').default;
  const library = koffi.load(null);
  const setTickets = library.func('int SSL_CTX_set_num_tickets(void *ctx, size_t count)');
  const setMaxEarlyData = library.func('int SSL_CTX_set_max_early_data(void *ctx, uint32_t bytes)');
  const setMaxReceived = library.func('int SSL_CTX_set_recv_max_early_data(void *ctx, uint32_t bytes)');
  const callback = koffi.proto(
    'int SSL_CTX_alpn_select_cb_func(void *ssl, void *out, void *outlen, void *in_, unsigned int inlen, void *arg)',
  );
  const setSelect = library.func('SSL_CTX_set_alpn_select_cb', 'void', ['void *', koffi.pointer(callback), 'void *']);

  // OpenSSL calls it inside a handshake, on this thread. `arg` is the answer, after a byte that holds its length.
  const SSL_TLSEXT_ERR_OK = 0;
  const answer = koffi.register((_ssl: bigint, out: bigint, length: bigint, _in: bigint, _n: number, arg: bigint) => {
    koffi.encode(out, 'void *', arg + 1n);
    koffi.encode(length, 'uint8_t', koffi.decode(arg, 'uint8_t'));
    return SSL_TLSEXT_ERR_OK;
  }, koffi.pointer(callback));

  // Contexts outlive whoever made them, and there are few protocols: each is kept for good.
  const kept = new Map<string, unknown>();
  const keep = (protocol: string) => {
    const bytes = Uint8Array.of(protocol.length, ...Buffer.from(protocol, 'latin1'));
    const place = koffi.alloc('uint8_t', bytes.length);
    koffi.encode(place, koffi.array('uint8_t', bytes.length), bytes);
    kept.set(protocol, place);
    return place;
  };
  return {
    setTicketCount: (context, count) => setTickets(addressOf(context), count),
    permitEarlyData(context, bytes) {
      setMaxEarlyData(addressOf(context), bytes);
      setMaxReceived(addressOf(context), bytes);
    },
    answerAlpn: (context, protocol) => setSelect(addressOf(context), answer, kept.get(protocol) ?? keep(protocol)),
  };
}

/** Where OpenSSL's SSL_CTX lies. Node hides the pointer in an External, of which nothing but its printed form tells. */
function addressOf(context: SecureContext): bigint {
  const { _external } = context.context as { readonly _external?: unknown };
  const [, hex] = /^\[External: ([0-9a-f]+)\]$/i.exec(inspect(_external)) ?? [];
  if (hex === undefined) throw new Error('this Node does not tell where its TLS contexts lie');
  return BigInt(`0x${hex}`);
}
